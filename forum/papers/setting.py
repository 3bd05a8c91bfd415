"""Sets one paper by typst, as a program of its own: template and data come in on its input, the PDF goes out.

Setting some hundred pages takes several hundred megabytes, which a process of the site would never give back.
"""

import json
import sys

import typst


def main() -> int:
    """Exit code 0 with the PDF on the output, or 1 with what typst says on the error channel."""
    order = json.load(sys.stdin)
    try:
        made = typst.compile(
            order["template"].encode(),
            format="pdf",
            sys_inputs={"paper": order["paper"]},
            pdf_standards="ua-1",
            timestamp=order["timestamp"],
        )
    except typst.TypstError as error:
        sys.stderr.write(str(error))
        return 1
    assert isinstance(made, bytes)
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())

/* The workspace of a directive: a recommendation can be dragged to its place. The buttons do the same without this file. */
(() => {
  "use strict";
  let dragged = null;
  const clauseOf = (target) => target.closest?.("[data-clause]");
  const unmark = () => {
    for (const marked of document.querySelectorAll(".drop-here")) marked.classList.remove("drop-here");
  };
  document.addEventListener("dragstart", (event) => {
    dragged = clauseOf(event.target);
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.clause);
  });
  document.addEventListener("dragend", () => { dragged = null; unmark(); });
  document.addEventListener("dragover", (event) => {
    const part = dragged && event.target.closest?.("[data-part]");
    if (!part) return;
    event.preventDefault();
    unmark();
    (clauseOf(event.target) ?? part).classList.add("drop-here");
  });
  document.addEventListener("drop", (event) => {
    const part = dragged && event.target.closest?.("[data-part]");
    if (!part) return;
    event.preventDefault();
    const before = clauseOf(event.target);
    unmark();
    if (before === dragged) return;
    const move = document.createElement("input");
    move.type = "hidden";
    move.name = "move";
    move.value = `recommendation:${dragged.dataset.clause}:to:${part.dataset.part}:${before?.dataset.clause ?? 0}`;
    const form = document.getElementById("order");
    form.append(move);
    form.requestSubmit();
  });
})();

CERTAIN=.6
def about_case():pass
def look():pass

"""One file per source: how to recognise it, how one of its records becomes events. CONTRIBUTING has the recipe.

Each module has `SOURCES`, one or several descriptions; the registry finds them by that name.
"""

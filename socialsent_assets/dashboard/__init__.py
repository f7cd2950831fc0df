"""The marts as a live page: a read-only web server beside the warehouse, and the page that it serves.

    socialsent dashboard

The warehouse file admits one writer and no reader beside it, so aggregates come from a summary in memory that is
made anew after each build (`snapshot`, `live`), and the file is opened for pages of posts alone (`posts`).
"""

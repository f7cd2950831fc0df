"""The one exception that a person can fix.

Not here: bad events. They are values (`Rejection`) and never raise.
"""


class UserError(Exception):
    """The request cannot be fulfilled; the message is one line with the next step.

    The command line prints it without a traceback and exits with 2.
    """

"""What the administrator types after ``door``: a file a subject, imported only when it is asked for."""

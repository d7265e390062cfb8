"""The pages people look at: server-rendered, Chinese first, no script and no font from elsewhere.

``look`` renders a template of ``templates/`` in the reader's language with the words of ``words/``;
``site`` hangs the pages into the application; each other file is the pages of its subject.
"""

"""The committee's pages, all below ``/committee``; who may open which stands in ``roles.MAY``.

To add one:

1. A file here with ``router = APIRouter(prefix=COMMITTEE_PATH)``. Every route names the right that it needs:
   ``@router.get("/paper", dependencies=[needs(Right.PAPER)])``; who calls is a parameter ``caller: Caller``.
   ``frame.page(request, caller, "committee/paper.html", …)`` renders it; the template extends
   ``committee/base.html`` and every form in it carries ``{{ form_token() }}``.
2. The router goes into ``ROUTERS`` in ``routers.py``. A route without a right does not start.
3. For a place in the navigation, a line in ``frame.NAV`` and its word ``committee.nav.…``.
4. What is done is noted in the same transaction: ``acts.note(session, caller.name, Did.…, now)``, with its
   word ``act.…`` in ``pages/words/acts.py``.
"""

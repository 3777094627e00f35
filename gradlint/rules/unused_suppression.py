"""GRD001: a comment that silences nothing."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.rule import Rule


class UnusedSuppression(Rule):
    """A comment silences a rule that has nothing to say there.

    ## What it does

    Finds the rules named in `# noqa: GRD101`, `# gradlint: ignore[GRD101]` and `# gradlint: file-ignore[GRD101]` of
    which no finding is silenced by that comment.

    ## What happens to the numbers

    Nothing now. But the comment goes on silencing: a bug that comes into that line later is never reported. And who
    reads it believes that something there is wrong, or looks wrong, that is not any more.

    ## Example

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()  # gradlint: ignore[missing-zero-grad] on purpose
        optimizer.step()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
    ```

    ## When is it on purpose

    A comment that only some runs need, for instance of an older version of gradlint, can name this rule as well:
    `# gradlint: ignore[GRD001, GRD101]`.

    A bare `# noqa` is never reported, nor is a code of another tool in a list, nor a rule that did not run: one that is
    not selected, or in preview.

    ## Fix safety

    The fix is safe, for it changes comments only. It takes the rule out of the list, or the comment away where nothing
    is left of it. The reason in a comment of gradlint's own goes with it, up to the next comment in the same line; what
    follows a `noqa` stays.

    ## What it cannot see

    Where a bound of the analysis was reached, a rule crashed or a file does not parse, nobody knows what would have
    been found, and nothing is reported; `gradlint check -v` names the bounds. A finding may be seen only when another
    file is judged that calls this one: such files are judged as well, by the configuration of this one, unless there
    are too many of them.
    """

    code = "GRD001"
    category = "suppressions"
    severity = Severity.WARNING
    # What is between `noqa:` and our code is other codes; the bound keeps the search of a line that repeats it short.
    signs = (rb"#\s*(?:gradlint:\s*(?:file-)?ignore\s*\[|[Nn][Oo][Qq][Aa]\s*:[^\n#]{0,200}?\b[Gg][Rr][Dd][0-9])",)

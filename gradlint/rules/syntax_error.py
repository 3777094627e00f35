"""GRD000: a file that does not parse."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.rule import Rule


class SyntaxError(Rule):  # the rule's name is what users read
    """The file is not valid Python, so nothing in it could be checked.

    ## What it does

    Reports files that cannot be read as Python 3: with a slip in them, written for Python 2, with lines that only
    notebooks understand (`%matplotlib inline`, `!pip list`), with the marks that a merge has left, or in an encoding
    that the file does not name. The message has the parser's reason, and the place where it gave up.

    ## What happens to the numbers

    Nothing, for Python does not run such a file either. But whatever is wrong with its gradients is not reported, nor
    is what other files do through its functions: an empty report would look like a clean file. That is why this is a
    finding, with exit status 1, in every format.

    ## Example

    ```python
    for sample, target in loader
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
    ```

    A file in another encoding than UTF-8 says so in its first or second line: `# -*- coding: latin-1 -*-`.
    Source: <https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations>

    ## When is it on purpose

    Templates and files for Python 2 may be kept that way. Leave them alone by `extend-exclude`, or by
    `per-file-ignores`. In the file itself only `# gradlint: file-ignore[syntax-error]` counts: where a text does not
    parse, nobody can say which statement a comment belongs to. A baseline never hides this finding.

    ## Fix safety

    There is no fix.

    ## What it cannot see

    Only the first slip of a file is reported. Which version of Python a file is for is not looked at: the newest syntax
    that the parser knows is accepted, so that a file may be clean here and too new for your Python.
    """

    code = "GRD000"
    category = "syntax"
    severity = Severity.ERROR

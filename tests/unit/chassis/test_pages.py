"""A page's policy lets its own style and script run; what comes from outside is escaped."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from chassis.pages import page, templates


def test_policy_lets_the_pages_own_style_and_script_run_and_nothing_else() -> None:
    response = page("<style>a{}</style><script>go()</script>")
    policy = response.headers["Content-Security-Policy"]
    digest = b64encode(sha256(b"go()").digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page("<p>").headers["Content-Security-Policy"].count("'none'") == 5
    assert response.headers["Cache-Control"] == "no-store"


def test_only_the_pages_own_files_are_put_in_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "own.css").write_text("a > b {}")
    (tmp_path / "t.html").write_text("{{ include_file('own.css') }}|{{ said }}")
    assert templates(tmp_path).get_template("t.html").render(said="<b>") == "a > b {}|&lt;b&gt;"

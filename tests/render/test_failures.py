"""What is wrong with many projects: every project is named, and no reason is told twice."""

from reconciler.render import failures
from reconciler.render.styles import PLAIN


def test_one_reason_of_many_is_told_once() -> None:
    wrong = [
        ("a.yml", "sts GetCallerIdentity: ExpiredToken\n  try: log in"),
        ("b.yml", "b.yml:3:1: this is no YAML"),
        ("c.yml", "sts GetCallerIdentity: ExpiredToken\n  try: log in"),
        ("d\x1b.yml", "sts GetCallerIdentity: ExpiredToken\n  try: log in"),
        ("b.yml", "b.yml:3:1: this is no YAML"),
    ]
    assert "\n".join(failures.human(wrong, PLAIN)) == (
        "Error: a.yml: sts GetCallerIdentity: ExpiredToken\n"
        "  try: log in\n"
        "  the same in c.yml, d\\u001b.yml\n"
        "\n"
        "Error: b.yml:3:1: this is no YAML\n"
    )

"""The project file: found, its plugins first, its settings, and what is said about it."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from reconciler.core.references import Function, PluginUse
from reconciler.core.values import Address, Failure, Json, Value
from reconciler.errors import ConfigError
from reconciler.load import durations, evaluate, jsons, project, sources, spans, versions
from reconciler.load.members import Caution
from reconciler.load.project import Project
from reconciler.load.sources import Document, Options

CORPUS = Path(__file__).parents[3] / "shared/corpus/real"
EXAMPLE = Path(__file__).parents[3] / "shared/examples/article"

FUNCTIONS = {
    "env": Function.of("env", "env", lambda *names: ":-".join(names)),
    "must_env": Function.of("must_env", "env", lambda name, /: name),
    "tfstate": Function.of("tfstate", "tfstate", lambda address, /: address),
    "ssm": Function.of("ssm", "ssm", lambda name, index=None, /: name),
}


def lookup(addresses: Sequence[Address]) -> Mapping[Address, Value | Failure]:
    return {address: Value(f"{address.resolver}-value", ((),)) for address in addresses}


def settled(text: str, name: str = "ecspresso.yml") -> Project:
    suffix = Path(name).suffix
    document = Document(Path("folder") / name, text, "yaml" if suffix == ".yml" else "jsonnet")
    (resolved,) = evaluate.resolve([document], FUNCTIONS, lookup, Options())
    return project.settle(resolved)


def outlined(text: str, name: str = "ecspresso.yml") -> tuple[PluginUse, ...]:
    form = sources.FORMATS[Path(name).suffix]
    return project.outline(Document(Path(name), text, form), Options(environ={"BUCKET": "b"}))


def test_the_first_name_that_exists_is_found(tmp_path: Path) -> None:
    for name in reversed(project.NAMES):
        (tmp_path / name).touch()
        assert project.find(None, tmp_path) == tmp_path / name
    assert project.find("other.yml", tmp_path) == tmp_path / "other.yml"


def test_no_project_file_names_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"reconciler\.yml, .*ecspresso\.jsonnet"):
        project.find(None, tmp_path)


def test_a_json_project_goes_through_jsonnet(tmp_path: Path) -> None:
    path = tmp_path / "ecspresso.json"
    path.write_text("{cluster: 'c', /* as the peer */ service: 's',}")
    (resolved,) = evaluate.resolve([project.read(path)], FUNCTIONS, lookup, Options())
    assert project.settle(resolved).service == "s"


def test_settings() -> None:
    found = settled(
        """
required_version: ">= 2.0.0, < 3"
Region: ap-northeast-1
cluster: "{{ ssm `c` }}"
service: !tfstate aws_ecs_service.x.name
service_definition: sub/service.json
task_definition: /abs/task.json
timeout: 1m30s
plugins:
  - name: TFstate
    func_prefix: prod_
    config: {url: s3://b/k}
  - name: ssm
appspec: {Hooks: [{BeforeInstall: f}]}
codedeploy: {application_name: a, deployment_group_name: g}
ignore: {tags: [owner]}
"""
    )
    assert (found.path, found.root, found.emulates_ecspresso) == (
        Path("folder/ecspresso.yml"),
        Path("folder"),
        True,
    )
    assert (found.region, found.cluster, found.service) == ("ap-northeast-1", "ssm-value", "tfstate-value")
    assert (found.service_definition, found.task_definition) == (
        Path("sub/service.json"),
        Path("/abs/task.json"),
    )
    assert found.timeout == 90
    assert [(use.name, use.func_prefix, use.config) for use in found.plugins] == [
        ("TFstate", "prod_", {"url": "s3://b/k"}),
        ("ssm", "", {}),
    ]
    assert found.plugins[0].where is not None
    assert found.plugins[0].where.line == 10
    named = found.codedeploy
    assert (named.application, named.group, named.configuration) == ("a", "g", "")
    assert named.hooks == ({"BeforeInstall": "f"},)
    assert (found.ignore_tags, found.ignore) == (("owner",), ())
    assert found.warnings == ()
    assert {str(origin.address) for origin in found.resolved.origins_of(("cluster",))} == {"ssm c"}


def test_defaults() -> None:
    found = settled("cluster: ''\nregion:\nservice: null\n")
    assert (found.cluster, found.region, found.service, found.timeout) == ("default", None, None, 600)
    assert (found.service_definition, found.task_definition, found.plugins) == (None, None, ())
    assert found.warnings == ()


def test_a_list_under_ignore_names_fields() -> None:
    ((pointer, where),) = settled("ignore: [/desiredCount]\n").ignore
    assert (pointer, where.line, where.column) == ("/desiredCount", 1, 10)
    assert settled("ignore: {tags: [a], fields: [/x]}\n").ignore[0][0] == "/x"


def test_what_a_project_depends_on_has_its_place() -> None:
    ((name, where), (second, _)) = settled("depends_on:\n  - ../db\n  - worker\n").depends_on
    assert (name, where.line, second) == ("../db", 2, "worker")


def test_how_much_differences_matter_has_its_places() -> None:
    text = "severity:\n  - {match: /desiredCount, cause: live, severity: high}\n  - {match: '*', severity: low}\n"
    first, second = settled(text).severity
    assert (first.match, first.cause, first.severity, first.where.line) == (
        "/desiredCount",
        "live",
        "high",
        2,
    )
    assert (second.match, second.cause, second.severity) == ("", "", "low")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{match: /a}", "1:12: severity[0] says no severity"),
        (
            "{severity: higher}",
            "1:13: severity 'higher' is none of high, medium, low, info\n  try: did you mean high?",
        ),
        ("{severity: high, cause: alive}", "1:29: cause 'alive' is none of configuration"),
        ("high", "1:12: an object is expected, not a text"),
    ],
)
def test_what_is_no_rule_of_severity(rule: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settled(f"severity: [{rule}]\n")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "emulates"), [("reconciler.yml", False), ("ecspresso.yml", True), ("prod.yml", True)]
)
def test_which_names_emulate_the_peer(name: str, emulates: bool) -> None:
    assert settled("service: x\n", name).emulates_ecspresso is emulates


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clustr: x\n", "1:1 clustr means nothing here; did you mean cluster?"),
        ("cluster: x\nzzz: 1\n", "2:1 zzz means nothing here; known are account, appspec,"),
        ("plugins:\n- name: ssm\n  cfg: {}\n", "3:3 cfg means nothing here; did you mean config?"),
        ("appspec: {Hook: []}\n", "1:11 Hook means nothing here; did you mean Hooks?"),
        ("ignore: {tag: []}\n", "1:10 tag means nothing here; did you mean tags?"),
        ("filter_command: peco\n", "1:1 filter_command is deprecated; set ECSPRESSO_FILTER_COMMAND"),
        ("timeout: 30000000000\n", "1:1 timeout is more than 30 days; plain numbers are seconds"),
    ],
)
def test_warnings(text: str, message: str) -> None:
    (warning,) = settled(text).warnings
    assert _said(warning).startswith(message)


def _said(warning: Caution) -> str:
    where = f"{warning.where.line}:{warning.where.column}"
    return f"{where} {warning.what}" + (f"; {warning.hint}" if warning.hint else "")


def test_an_unknown_key_of_codedeploy() -> None:
    assert [_said(warning) for warning in settled("codedeploy: {application: a}\n").warnings] == [
        "1:14 application means nothing here; did you mean application_name?",
    ]


@pytest.mark.parametrize(
    "text", ["ignore: []\n", "ignore: {tags: [env]}\n", "appspec:\n", "codedeploy: null\n"]
)
def test_nothing_to_warn_of(text: str) -> None:
    assert settled(text).warnings == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a project file is an object with keys such as cluster and service, not nothing"),
        ("- a\n", "a project file is an object with keys such as cluster and service, not a list"),
        ("cluster: 12\n", "cluster is text, not a number\n  try: put it in quotes"),
        ("service: [a]\n", 'service is text, not a list\n  try: write service: "…"'),
        (
            "cluster: a\nCluster: b\n",
            "as cluster and as Cluster\n  try: keep one of them; the first is at folder/ecspresso.yml:1:1",
        ),
        ("timeout: 10 minutes\n", "timeout is no duration: '10 minutes'"),
        ("timeout: true\n", "timeout is text, not a truth value"),
        ("timeout: -5s\n", "timeout is less than nothing"),
        ("plugins: {}\n", "plugins is a list, not an object\n  try: write plugins: [ … ]"),
        ("plugins: [a]\n", "an object is expected, not a text"),
        ("plugins: [{config: {}}]\n", "a plugin without a name"),
        ("plugins: [{name: a, config: []}]\n", "config is an object, not a list"),
        ("ignore: {tags: [1]}\n", "tags is a list of texts; this is a number\n  try: put it in quotes"),
        (
            "appspec: {Hooks: [{BeforeInstal: f}]}\n",
            "an AppSpec for ECS has no hook BeforeInstal; it has BeforeInstall, AfterInstall,",
        ),
        ("appspec: {Hooks: [f]}\n", "a hook of the AppSpec is an event and the function that it calls"),
        ("record: gs://bucket/x\n", "record is a folder or s3://BUCKET/PREFIX, not 'gs://bucket/x'"),
        ("record: 's3:///x'\n", "record is a folder or s3://BUCKET/PREFIX"),
        ("codedeploy: x\n", "codedeploy is an object, not a text\n  try: write codedeploy: { … }"),
        ("required_version: '>= 9'\n", "required_version leaves out ecspresso 2"),
        ("required_version: '=> 2'\n", "required_version: this is no"),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settled(text)
    assert message in str(caught.value)
    assert str(caught.value.where).startswith("folder/ecspresso.yml")


def test_required_version_only_warns_under_our_own_name() -> None:
    (warning,) = settled("required_version: '>= 9'\n", "reconciler.yml").warnings
    assert "required_version" in warning.what


YAML = """
cluster: {{ tfstate `aws_ecs_cluster.a.name` }}
region: "{{ prod_tfstate `x` | json_escape }}"
service: !prod_tfstate y
{{ if eq (ssm `x`) `y` }}timeout: 5m{{ end }}
plugins:
  - name: tfstate
    config: {url: "s3://{{ must_env `BUCKET` }}/{{ env `KEY` `k` }}"}
  - name: ssm
    func_prefix: !env [PREFIX, p_]
"""
JSONNET = """
local tfstate = std.native('tfstate');
{
  cluster: tfstate('aws_ecs_cluster.a.name'),
  service: '{{ prod_tfstate `x` }}',
  plugins: [
    {name: 'tfstate', config: {url: 's3://%s/{{ env `KEY` `k` }}' % std.native('must_env')('BUCKET')}},
    {name: 'ssm', func_prefix: std.native('env')('PREFIX', 'p_')},
  ],
}
"""


@pytest.mark.parametrize(("text", "name"), [(YAML, "p.yml"), (JSONNET, "p.jsonnet")])
def test_an_outline_needs_no_function_but_the_environment(text: str, name: str) -> None:
    assert [(use.name, use.config, use.func_prefix) for use in outlined(text, name)] == [
        ("tfstate", {"url": "s3://b/k"}, ""),
        ("ssm", {}, "p_"),
    ]


@pytest.mark.parametrize(
    ("text", "name", "place", "what"),
    [
        ("plugins:\n- name: {{ ssm `x` }}\n", "p.yml", "p.yml:2:3", "plugins calls ssm"),
        (
            "plugins:\n- name: a\n  config:\n    url: !tfstate x\n",
            "p.yml",
            "p.yml:4:5",
            "plugins calls tfstate",
        ),
        (
            "{\n plugins: [{name: std.native('ssm')('x')}]}",
            "p.jsonnet",
            "p.jsonnet:2:19",
            "plugins calls a function",
        ),
        ("{plugins: [{name: '{{ ssm `x` }}'}]}", "p.jsonnet", "p.jsonnet", "plugins calls ssm"),
    ],
)
def test_a_circle_is_shown(text: str, name: str, place: str, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        outlined(text, name)
    assert str(caught.value).startswith(f"{place}: {what}")
    assert "circle" in caught.value.what


@pytest.mark.parametrize(
    ("text", "name"), [("cluster: a\n", "p.yml"), ("{a: 1}", "p.jsonnet"), ("[]", "p.jsonnet")]
)
def test_no_plugins(text: str, name: str) -> None:
    assert outlined(text, name) == ()


def test_an_unset_variable_is_an_error_in_an_outline() -> None:
    with pytest.raises(ConfigError, match=r"p\.yml:2:12: the environment variable NOPE is not set"):
        outlined("plugins:\n- name: {{ must_env `NOPE` }}\n", "p.yml")


def _real(kinds: set[str]) -> list[Path]:
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "INDEX.tsv").open() as index:
        return [CORPUS / row["file"] for row in csv.DictReader(index, delimiter="\t") if row["kind"] in kinds]


def test_real_project_files() -> None:
    paths = _real({"ecspresso_config"})
    if not paths:
        pytest.skip("the folder with real files is not beside the repository")
    names = (
        "ECSPRESSO_AWS_REGION",
        "ECSPRESSO_ECS_CLUSTER_NAME",
        "ECSPRESSO_ECS_SERVICE_NAME",
        "TF_VAR_name",
    )
    environ = dict.fromkeys((*names, "AWS_REGION", "ECS_CLUSTER", "ECS_SERVICE", "S3_STATE_BUCKET_NAME"), "v")
    for path in paths:
        document = project.read(path)
        uses = project.outline(document, Options(environ=environ))
        (resolved,) = evaluate.resolve([document], FUNCTIONS, lookup, Options(environ=environ))
        found = project.settle(resolved)
        assert found.service, path
        assert found.service_definition, path
        assert found.timeout == 600, path
        assert found.warnings == (), path
        assert [use.name for use in uses] == [use.name for use in found.plugins]


def test_real_json_files_read_as_python_reads_them() -> None:
    paths = sorted(CORPUS.glob("*.json"))
    if not paths:
        pytest.skip("the folder with real files is not beside the repository")
    for path in paths:
        text = path.read_text()
        try:
            expected: Json = json.loads(text)
        except ValueError:
            with pytest.raises(spans.Malformed):
                jsons.parse(text)
        else:
            assert jsons.parse(text).data == expected, path


def test_the_example_s_project_file() -> None:
    if not EXAMPLE.is_dir():
        pytest.skip("the folder with the example is not beside the repository")
    document = project.read(project.find(None, EXAMPLE))
    (use,) = project.outline(document, Options())
    assert (use.name, use.config) == ("tfstate", {"path": "terraform.tfstate"})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m0s", 600),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("300ms", 0.3),
        (".5s", 0.5),
        ("30", 30),
        ("0", 0),
        ("-2s", -2),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert durations.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "1d", "5 m", "1m-2s", "m5", "."])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        durations.seconds(text)


@pytest.mark.parametrize(
    ("constraints", "version", "holds"),
    [
        (">= 2.0.0, < 3", "2.8.0", True),
        (">= 2.0.0, < 3", "3.0.0", False),
        ("2.8", "2.8.0", True),
        ("= v2.8.0", "2.8.0", True),
        ("!= 2.8.0", "2.8.0", False),
        ("~> 2.3", "2.8.0", True),
        ("~> 2.3.1", "2.8.0", False),
        ("~> 2.8.1", "2.8.0", False),
        ("~> 2", "3.1.0", True),
        ("> 2.8.0-rc1", "2.8.0", True),
        (">= 2.8.0", "2.8.0-rc1", False),
        (">= 2.8.0-beta", "2.8.0-rc1", True),
        (">= 2.8.0-beta", "2.9.0-rc1", False),
        ("< 2.8.0-rc.2", "2.8.0-rc.10", False),
        ("<= 2.8.0+build", "2.8.0", True),
    ],
)
def test_version_constraints(constraints: str, version: str, holds: bool) -> None:
    assert versions.satisfies(versions.parse(version), constraints) is holds


@pytest.mark.parametrize("constraints", ["", "latest", ">= 2, x", "=> 2", ">= 9, oops"])
def test_what_is_no_constraint(constraints: str) -> None:
    with pytest.raises(ValueError, match="this is no"):
        versions.satisfies(versions.parse("2.8.0"), constraints)


def test_an_express_definition_takes_the_place_of_the_others() -> None:
    project = settled("express_definition: e.json\nservice_definition: s.json\n")
    assert project.definitions == (Path("e.json"),)
    assert [caution.what for caution in project.warnings] == [
        "service_definition is not used: express_definition describes the whole service"
    ]

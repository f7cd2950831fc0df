"""`socialsent report` before there is anything to report on."""

from socialsent_assets.cli.main import exit_code


def test_a_home_without_a_warehouse_names_the_next_command(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    assert exit_code(["report"]) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "run socialsent materialize first" in error
    assert list(tmp_path.iterdir()) == []

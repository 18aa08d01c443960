"""The private parts of Faust and aiokafka are as the driver expects them; differences are reported."""

from streams.kafka.faust_driver import private_api


def test_the_installed_releases_fit() -> None:
    assert list(private_api.broken_versions()) == []
    assert list(private_api.broken_names()) == []
    private_api.check()


def test_another_release_is_reported() -> None:
    assert list(private_api.broken_versions(lambda _: "9.9")) == [
        "faust-streaming must be 0.15.3, got 9.9",
        "aiokafka must be 0.14.0, got 9.9",
    ]


def test_changed_methods_and_names_are_reported() -> None:
    class Changed:
        def method(self, other: int) -> None:
            self.used = other

    differences = list(
        private_api.broken_names(
            [(Changed, "missing", ["self"]), (Changed, "method", ["self", "value"])],
            [(Changed, "method", ["used", "unused"]), (Changed, "missing", [])],
        )
    )
    path = f"{__name__}.test_changed_methods_and_names_are_reported.<locals>.Changed"
    assert differences == [
        f"{path}.missing is missing",
        f"{path}.method must take ['self', 'value'], got ['self', 'other']",
        f"{path}.method no longer uses unused",
        f"{path}.missing is missing",
    ]

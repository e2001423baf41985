"""The dashboard as a page of Airflow: found through the entry point ``airflow.plugins`` of this distribution.

Airflow's API server mounts it under ``/sohoa`` and shows it in a frame of its own pages. It keeps its own login: who
may see Airflow's tasks is not who may see citizens' records. Every part of Airflow loads its plugins, workers too, so
nothing is imported or opened before the first request. Airflow itself is imported only when it asks for the plugin:
without the extra ``[airflow]`` this module does nothing and does no harm.
"""

from __future__ import annotations

from functools import cache
from typing import Any

PREFIX = "/sohoa"


class Lazily:
    """An ASGI application that is made when somebody asks for it, in the process that answers."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await _application()(scope, receive, send)


def __getattr__(name: str) -> Any:
    if name != "DossierPage":
        raise AttributeError(name)
    return _plugin()


@cache
def _application() -> Any:
    from pipeline.web import application

    return application(inside_airflow=True)


@cache
def _plugin() -> Any:
    from airflow.plugins_manager import AirflowPlugin

    class DossierPage(AirflowPlugin):
        """The page and its place in Airflow's menu."""

        name = "sohoa"
        fastapi_apps = [{"app": Lazily(), "url_prefix": PREFIX, "name": "Sohoa"}]  # noqa: RUF012 - Airflow's own form
        external_views = [  # noqa: RUF012
            {
                "name": "Sohoa",
                "href": f"{PREFIX}/",
                "destination": "nav",
                "category": "browse",
                "url_route": "sohoa",
            }
        ]

    return DossierPage

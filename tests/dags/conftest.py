"""A real Airflow for the DAG tests."""

from __future__ import annotations

from airflow_home import airflow_home

__all__ = ["airflow_home"]

"""What serves a Python app whose plan does not say, or starts no server that all can reach."""

from pathlib import Path

import pytest

from builders.app_recipe import recipe_of
from seaway.core.plan import NoStartCommand

FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"
FLASK = "from flask import Flask\n\nweb = Flask(__name__)\n"


def command(folder: Path, requirements: str, **files: str) -> str:
    named = {f"{name.replace('__', '/')}.py": text for name, text in files.items()}
    recipe = recipe_of(folder, {"requirements.txt": requirements, **named})
    return recipe.dockerfile.rstrip().rpartition("CMD ")[2]


def test_an_application_that_nobody_runs_is_run_by_the_server_that_it_has(tmp_path: Path) -> None:
    assert "uvicorn main:app --host 0.0.0.0 --port $PORT" in command(tmp_path, "fastapi\nuvicorn\n", main=FASTAPI)


def test_gunicorn_comes_before_flasks_own_server(tmp_path: Path) -> None:
    assert "gunicorn --bind 0.0.0.0:$PORT 'app:web'" in command(tmp_path / "a", "flask\ngunicorn\n", app=FLASK)
    assert "flask --app app run --host 0.0.0.0 --port $PORT" in command(tmp_path / "b", "flask\n", app=FLASK)


def test_a_factory_is_called(tmp_path: Path) -> None:
    factory = "from flask import Flask\n\ndef create_app():\n    return Flask(__name__)\n"
    assert "'server.main:create_app()'" in command(tmp_path, "flask\ngunicorn\n", server__main=factory)


def test_a_main_that_listens_for_itself_only_is_not_what_serves(tmp_path: Path) -> None:
    local = f"{FLASK}if __name__ == '__main__':\n    web.run(debug=True)\n"
    assert "gunicorn" in command(tmp_path, "flask\ngunicorn\n", main=local)


def test_a_main_that_listens_for_all_stays(tmp_path: Path) -> None:
    own = f"{FASTAPI}uvicorn.run(app, host='0.0.0.0', port=8000)\n"
    assert command(tmp_path, "fastapi\nuvicorn\n", main=own) == '["python", "main.py"]'


def test_an_application_in_a_folder_is_named_by_its_module(tmp_path: Path) -> None:
    assert "uvicorn app.main:app" in command(tmp_path, "fastapi[standard]\n", app__main=FASTAPI)


def test_a_streamlit_app_is_run_by_streamlit(tmp_path: Path) -> None:
    assert "streamlit run app.py" in command(tmp_path, "streamlit\n", app="import streamlit as st\n")


def test_a_server_that_is_not_installed_is_not_named(tmp_path: Path) -> None:
    with pytest.raises(NoStartCommand):
        command(tmp_path, "fastapi\n", app=FASTAPI)


def test_static_files_that_whitenoise_serves_are_collected(tmp_path: Path) -> None:
    settings = "MIDDLEWARE = ['whitenoise.middleware.WhiteNoiseMiddleware']\nSTATIC_ROOT = 'static'\n"
    settings += 'WSGI_APPLICATION = "shop.wsgi.application"\n'
    files = {"requirements.txt": "django\ngunicorn\nwhitenoise\n", "manage.py": "", "shop/settings.py": settings}
    assert "python manage.py collectstatic --noinput" in recipe_of(tmp_path, files).dockerfile

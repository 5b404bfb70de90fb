"""A harbour's log book: ships come and go, and the page shows who lies at the quay."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

PAGE = (Path(__file__).parent / "page.html").read_text()
app = FastAPI(title="Harbour")
quay: dict[str, "Ship"] = {}


class Ship(BaseModel):
    name: str = Field(min_length=1, max_length=60)
    cargo: str = ""
    arrived: datetime = Field(default_factory=lambda: datetime.now(UTC))


@app.get("/", response_class=HTMLResponse)
def page() -> str:
    rows = "".join(f"<li>{ship.name}</li>" for ship in quay.values()) or "<li>The quay is empty.</li>"
    return PAGE.replace("{ships}", rows).replace("{python}", platform.python_version())


@app.get("/api/health")
def health() -> dict[str, object]:
    return {"ok": True, "uid": os.getuid(), "python": platform.python_version()}


@app.get("/api/ships")
def ships() -> list[Ship]:
    return list(quay.values())


@app.post("/api/ships", status_code=201)
def arrive(ship: Ship) -> Ship:
    quay[ship.name] = ship
    return ship


@app.delete("/api/ships/{name}", status_code=204)
def leave(name: str) -> None:
    if quay.pop(name, None) is None:
        raise HTTPException(404, f"{name} does not lie here")


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8000")))

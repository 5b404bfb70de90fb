"""The calls about credentials and the doctor. A secret comes in and never goes out."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from seaway.actions.credentials import CredentialView, Imported, Keeping, Login, Proved
from seaway.api.resources import Body
from seaway.core.credential import Purpose
from seaway.core.image import ImageRef, parse_image
from seaway.core.keeping import InvalidCredential, new_credential
from seaway.core.proof import Proof
from seaway.core.secret import Secret

_Word = Annotated[str, Field(min_length=1, max_length=300)]
# A service account's key is a JSON document of some kilobytes.
_SecretText = Annotated[str, Field(min_length=1, max_length=20_000)]
_Image = Annotated[str | None, Field(max_length=500)]


class AddBody(Body):
    prefix: _Word
    username: _Word
    secret: _SecretText
    purpose: Literal["pull", "push", "both"] = "both"
    app: str | None = None
    expires_at: str | None = None
    name: str | None = None
    owner: str = Field(default="", max_length=200)
    image: _Image = None
    force: bool = False


class RotateBody(Body):
    secret: _SecretText
    username: _Word | None = None
    expires_at: str | None = None
    image: _Image = None
    force: bool = False


class CheckBody(Body):
    image: _Image = None
    push: bool = False


class EntryBody(Body):
    prefix: _Word
    username: _Word
    secret: _SecretText


class ImportBody(Body):
    entries: list[EntryBody] = Field(max_length=200)
    keep: bool = True


class DoctorBody(Body):
    image: str = Field(min_length=1, max_length=500)
    credential: str | None = None
    push: bool = False


def add_calls(api: APIRouter, keeping: Keeping, who: Any) -> None:
    @api.get("/credentials")
    async def list_credentials() -> dict[str, Any]:
        return {"credentials": [credential_json(view) for view in await keeping.list()]}

    @api.post("/credentials", status_code=201)
    async def add_credential(body: AddBody, caller: who) -> dict[str, Any]:
        login = new_credential(
            body.prefix,
            body.username,
            Secret(body.secret),
            purpose=Purpose(body.purpose),
            app=body.app,
            expires_at=_moment(body.expires_at),
            name=body.name,
        )
        image = _image(body.image)
        return _proved_json(await keeping.add(caller, login, owner=body.owner, image=image, force=body.force))

    @api.post("/credentials/import")
    async def import_credentials(body: ImportBody, caller: who) -> dict[str, Any]:
        logins = [Login(each.prefix, each.username, Secret(each.secret)) for each in body.entries]
        return {"entries": [_imported_json(each) for each in await keeping.take_over(caller, logins, keep=body.keep)]}

    @api.get("/credentials/{name:path}")
    async def show_credential(name: str) -> dict[str, Any]:
        return credential_json(await keeping.show(name))

    @api.post("/credentials/{name:path}/check")
    async def check_credential(name: str, body: CheckBody, caller: who) -> dict[str, Any]:
        return _proved_json(await keeping.check(caller, name, _image(body.image), push=body.push))

    @api.post("/credentials/{name:path}/rotate")
    async def rotate_credential(name: str, body: RotateBody, caller: who) -> dict[str, Any]:
        proved = await keeping.rotate(
            caller,
            name,
            Secret(body.secret),
            username=body.username,
            expires_at=_moment(body.expires_at),
            image=_image(body.image),
            force=body.force,
        )
        return _proved_json(proved)

    @api.post("/credentials/{name:path}/undo")
    async def undo_rotation(name: str, caller: who) -> dict[str, Any]:
        return credential_json(await keeping.undo(caller, name))

    @api.delete("/credentials/{name:path}")
    async def remove_credential(name: str, caller: who) -> dict[str, Any]:
        return credential_json(await keeping.remove(caller, name))

    @api.post("/doctor")
    async def doctor(body: DoctorBody, caller: who) -> dict[str, Any]:
        return doctor_json(await keeping.examine(caller, parse_image(body.image), body.credential, push=body.push))

    @api.post("/vault/rotate")
    async def rotate_vault(caller: who) -> dict[str, Any]:
        key, count = await keeping.renew_vault_key(caller)
        return {"key": key, "values": count}


def credential_json(view: CredentialView) -> dict[str, Any]:
    kept, login = view.kept, view.kept.login
    return {
        "name": login.name,
        "prefix": login.prefix,
        "username": login.username,
        "kind": login.kind.value,
        "purpose": login.purpose.value,
        "app": login.app,
        "owner": kept.owner,
        "state": view.state,
        "expires_at": _time(login.expires_at),
        "created_at": _time(kept.created_at),
        "last_proved_at": _time(kept.last_proved_at),
        "last_refused_at": _time(kept.last_refused_at),
        "last_used_at": _time(kept.last_used_at),
        "undo_until": _time(kept.undo_until),
        "finding": kept.refused.as_json() if kept.refused is not None else None,
        "apps": list(view.apps),
        "images": [str(image) for image in view.images],
    }


def doctor_json(proof: Proof) -> dict[str, Any]:
    """As `seaway doctor --json` prints it."""
    return {
        "image": str(proof.image),
        "digest": proof.digest,
        "credential": proof.credential,
        "links": [link.as_json() for link in proof.links],
        "findings": [proof.finding.as_json()] if proof.finding is not None else [],
        "verdict": proof.verdict,
    }


def _proved_json(proved: Proved) -> dict[str, Any]:
    return credential_json(proved.view) | {"proofs": [doctor_json(proof) for proof in proved.proofs]}


def _imported_json(found: Imported) -> dict[str, Any]:
    login, finding = found.login, found.proof.finding
    return {
        "prefix": login.prefix,
        "username": login.username,
        "kind": login.kind.value,
        "alive": found.alive,
        "name": found.name,
        "exists": found.exists,
        "finding": finding.as_json() if finding is not None else None,
    }


def _image(text: str | None) -> ImageRef | None:
    return None if text is None else parse_image(text)


def _moment(text: str | None) -> datetime | None:
    """A date, or a moment; without a zone it is UTC. Raises InvalidCredential."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidCredential(f"{text!r} is no date.", remedy="Write it like 2027-03-31.") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")

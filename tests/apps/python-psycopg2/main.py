import os

import bottle
import psycopg2


@bottle.get("/")
def home():
    return {"ok": True, "libpq": psycopg2.__libpq_version__}


bottle.run(host="0.0.0.0", port=int(os.environ["PORT"]))

import os

import bottle


@bottle.get("/")
def home():
    return {"ok": True, "bottle": bottle.__version__}


bottle.run(host="0.0.0.0", port=int(os.environ["PORT"]))

"""Flask behind gunicorn: what fargate-ctl asks of an app, and /version, which it can use."""

import json
import os
from datetime import UTC, datetime
from urllib.request import urlopen

from flask import Flask

app = Flask(__name__)
started_at = datetime.now(UTC).isoformat()


def read_image_digest():
    """The digest of this container's own image, which its metadata endpoint knows."""
    address = os.environ.get("ECS_CONTAINER_METADATA_URI_V4")
    if not address:
        return None
    with urlopen(address, timeout=5) as answer:  # noqa: S310 # nosec B310 -- ECS sets the address
        return json.load(answer)["ImageID"]


image_digest = read_image_digest()


@app.get("/")
def home():
    """The page."""
    return "<h1>Hello from Flask</h1>"


@app.get("/healthz")
def health():
    """What the load balancer asks."""
    return "ready\n"


@app.get("/version")
def version():
    """What runs here."""
    return {
        "version": os.environ.get("APP_VERSION", "0.0.0"),
        "commit": os.environ.get("IMAGE_COMMIT"),
        "imageTag": os.environ.get("IMAGE_TAG"),
        "imageDigest": image_digest,
        "startedAt": started_at,
    }

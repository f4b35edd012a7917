"""How gunicorn serves in a container: https://docs.gunicorn.org/en/stable/settings.html"""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8080')}"
workers = 2
# The root file system is read-only; this is memory.
worker_tmp_dir = "/dev/shm"  # noqa: S108 # nosec B108
accesslog = "-"
# Longer than the load balancer's idle timeout of 60 s, so that the balancer always closes first.
keepalive = 65
graceful_timeout = 25

#!/bin/bash
# Runs php-fpm and nginx side by side until one of them ends or both are told to: start.sh TEMPLATE
php /opt/seaway/fill.php "$1" > /tmp/nginx.conf || exit
if [ -d /app/storage ] && [ -w /app/storage ]; then chmod -R ugo+rwX /app/storage; fi
php-fpm -y /assets/php-fpm.conf &
# Until PHP listens, nginx would answer 502.
until (: < /dev/tcp/127.0.0.1/9000) 2> /dev/null; do
    kill -0 $! 2> /dev/null || exit 1
    sleep 0.05
done
nginx -c /tmp/nginx.conf -g 'pid /tmp/nginx.pid;' &
trap 'kill -QUIT $(jobs -p)' TERM INT
wait -n
code=$?
kill -QUIT $(jobs -p) 2> /dev/null
wait
exit $code

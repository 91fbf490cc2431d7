#!/usr/bin/env bash
# kubectl (Debian's kubernetes-client 1.20.5+really1.20.2-1.1+deb12u1) and a kubeconfig whose server has no scheme,
# "127.0.0.1:9": where does the first request go?
#
# Guess: http without another word, https as soon as the cluster or the user says anything about TLS (a CA, a client
# certificate, insecure-skip-tls-verify).
# Seen: http in every case. TLS settings are read and have no effect; a token or a certificate's owner gets no warning.
# A client that reads kubeconfigs must not take the TLS settings for a sign of https "as kubectl does".
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q kubernetes-client=1.20.5+really1.20.2-1.1+deb12u1 > apt.log 2>&1
dpkg-deb -x kubernetes-client_*.deb root
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=lab -keyout key.pem -out cert.pem 2> /dev/null

ask() { # CASE CLUSTER USER
  cat > config <<YAML
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "127.0.0.1:9"$2}}]
users: [{name: u, user: {$3}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
YAML
  printf '%s: ' "$1"
  (timeout 20 root/usr/bin/kubectl -v=6 --kubeconfig config get --raw /version 2>&1 || true) |
    grep -oE 'https?://127\.0\.0\.1:9/[a-z]+' | head -1
}
{
  ask 'nothing about TLS' '' ''
  ask 'insecure-skip-tls-verify' ', insecure-skip-tls-verify: true' ''
  ask 'a CA' ", certificate-authority: $work/cert.pem" ''
  ask 'a client certificate' '' "client-certificate: $work/cert.pem, client-key: $work/key.pem"
} > seen
cat seen
diff seen - <<'SEEN'
nothing about TLS: http://127.0.0.1:9/version
insecure-skip-tls-verify: http://127.0.0.1:9/version
a CA: http://127.0.0.1:9/version
a client certificate: http://127.0.0.1:9/version
SEEN
echo 'as it was'

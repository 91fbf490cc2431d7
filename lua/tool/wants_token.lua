--- What is told of a Prometheus that does not answer everybody, by the status of its answer.
return {
  [401] = 'status 401: it wants to know who asks; --prometheus-token-file FILE names a token',
  [403] = 'status 403: it does not answer this user; --prometheus-token-file FILE names a token',
}

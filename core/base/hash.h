/* Digests. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* SHA-256 in lower-case hex, 64 characters and a NUL. */
void hash_sha256(const void *bytes, size_t len, char out[static 65]);

/* FNV-1a, 32 bit (offset 2166136261, prime 16777619). */
uint32_t hash_fnv32(const void *bytes, size_t len);

/* The decimal digits of `value` in the alphabet Kubernetes uses for safe names (0→4 1→5 2→6 3→7 4→8 5→9 6→b 7→c 8→d
 * 9→f). */
void hash_safe_encode(uint32_t value, char out[static 16]);

/* A UUID (version 8) that follows from `text`: as unique as the text is. */
void hash_uuid(const char *text, char out[static 37]);

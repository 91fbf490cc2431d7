/* Bytes as text (RFC 4648). */
#pragma once

#include <stddef.h>

/* A new string (mem_free). */
char *base64_encode(const void *bytes, size_t len);

/* Certificates and keys as a kubeconfig gives them. They are checked when they are read, so that an error names the
 * field instead of failing the first handshake. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Base64 of a text, with or without line breaks. */
bool pem_decode(const char *base64, char **text, struct err *err);
/* At least one certificate, and none that cannot be read. */
bool pem_check_certificates(const char *pem, struct err *err);
/* The key can be read without a passphrase and belongs to the first certificate. */
bool pem_check_key(const char *certificate_pem, const char *key_pem, struct err *err);

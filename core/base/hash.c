#include "base/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static void check(bool ok)
{
    if (!ok) {
        fputs("sluice: libcrypto has no SHA-256\n", stderr);
        abort();
    }
}

/* Both are kept: to look for the algorithm costs many times a digest. */
void hash_sha256(const void *bytes, size_t len, char out[static 65])
{
    static EVP_MD *algorithm;
    static EVP_MD_CTX *context;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    if (algorithm == NULL) {
        algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
        context = EVP_MD_CTX_new();
        check(algorithm != NULL && context != NULL);
    }
    check(EVP_DigestInit_ex2(context, algorithm, NULL) == 1 && EVP_DigestUpdate(context, bytes, len) == 1 &&
          EVP_DigestFinal_ex(context, digest, &digest_len) == 1 && digest_len == 32);
    write_hex(digest, digest_len, out);
}

uint32_t hash_fnv32(const void *bytes, size_t len)
{
    const unsigned char *b = bytes;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ b[i]) * 16777619u;
    }
    return hash;
}

void hash_safe_encode(uint32_t value, char out[static 16])
{
    static const char alphabet[] = "456789bcdf";
    char digits[16];
    int len = snprintf(digits, sizeof digits, "%u", value);
    assert(len > 0 && len < 16);
    for (int i = 0; i < len; i++) {
        out[i] = alphabet[digits[i] - '0'];
    }
    out[len] = '\0';
}

void hash_uuid(const char *text, char out[static 37])
{
    static const char variants[] = "89ab";
    char hex[65];
    hash_sha256(text, strlen(text), hex);
    hex[12] = '8';
    hex[16] = variants[hex[16] % 4];
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

#include "base/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void write_hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

void hash_sha256(const void *bytes, size_t len, char out[static 65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    if (EVP_Digest(bytes, len, digest, &digest_len, EVP_sha256(), NULL) != 1 || digest_len != 32) {
        fputs("sluice: libcrypto has no SHA-256\n", stderr);
        abort();
    }
    write_hex(digest, digest_len, out);
}

uint32_t hash_fnv32(const void *bytes, size_t len)
{
    const unsigned char *b = bytes;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ b[i]) * 16777619u;
    return hash;
}

void hash_safe_encode(uint32_t value, char out[static 16])
{
    static const char alphabet[] = "456789bcdf";
    char digits[16];
    int len = snprintf(digits, sizeof digits, "%u", value);
    assert(len > 0 && len < 16);
    for (int i = 0; i < len; i++)
        out[i] = alphabet[digits[i] - '0'];
    out[len] = '\0';
}

static void fill_random(unsigned char *bytes, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = getrandom(bytes + got, len - got, 0);
        if (n > 0)
            got += (size_t)n;
    }
}

void hash_uuid4(char out[static 37])
{
    unsigned char b[16];
    fill_random(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    char hex[33];
    write_hex(b, sizeof b, hex);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

#include "script/signing.h"

#include <lauxlib.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdbool.h>

#include "script/kill.h"

enum {
    SIGNATURE_MAX = 1024, /* of an RSA key with 8192 bits */
    KEY_PEM_MAX = 16 * 1024,
    GROUP = 3, /* bytes that base64 takes at once */
};

/* libcrypto allocates outside of the VM's memory, so all of it is called where the kill waits. */

int signing_sha256(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    kill_host_enter();
    SHA256((const unsigned char *)text, len, digest);
    kill_host_leave();
    lua_pushlstring(L, (const char *)digest, sizeof digest);
    return 1;
}

int signing_hmac_sha256(lua_State *L)
{
    size_t key_len, len;
    const char *key = luaL_checklstring(L, 1, &key_len), *text = luaL_checklstring(L, 2, &len);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_len = 0;
    luaL_argcheck(L, key_len <= KEY_PEM_MAX, 1, "a key above 16 KiB");
    kill_host_enter();
    HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, len, digest, &digest_len);
    kill_host_leave();
    lua_pushlstring(L, (const char *)digest, digest_len);
    return 1;
}

static EVP_PKEY *read_key(const char *pem, size_t len)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, "") : NULL;
    BIO_free(bio);
    if (key != NULL && EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

/* The length of the signature; 0: it cannot be made. */
static size_t sign(EVP_PKEY *key, const char *text, size_t len, unsigned char out[static SIGNATURE_MAX])
{
    size_t out_len = SIGNATURE_MAX;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(ctx, out, &out_len, (const unsigned char *)text, len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok ? out_len : 0;
}

int signing_rs256(lua_State *L)
{
    size_t pem_len, len, out_len = 0;
    const char *pem = luaL_checklstring(L, 1, &pem_len), *text = luaL_checklstring(L, 2, &len);
    unsigned char out[SIGNATURE_MAX];
    luaL_argcheck(L, pem_len <= KEY_PEM_MAX, 1, "a key above 16 KiB");
    kill_host_enter();
    EVP_PKEY *key = read_key(pem, pem_len);
    bool has_key = key != NULL;
    out_len = has_key ? sign(key, text, len, out) : 0;
    EVP_PKEY_free(key);
    kill_host_leave();
    if (out_len == 0) {
        lua_pushnil(L);
        lua_pushstring(L, has_key ? "the key cannot sign" : "a private RSA key in PEM is wanted");
        return 2;
    }
    lua_pushlstring(L, (const char *)out, out_len);
    return 1;
}

static void add_group(luaL_Buffer *out, const unsigned char *in, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned int bits = (unsigned int)in[0] << 16;
    bits |= count > 1 ? (unsigned int)in[1] << 8 : 0;
    bits |= count > 2 ? in[2] : 0;
    luaL_addchar(out, digits[bits >> 18 & 63]);
    luaL_addchar(out, digits[bits >> 12 & 63]);
    luaL_addchar(out, count > 1 ? digits[bits >> 6 & 63] : '=');
    luaL_addchar(out, count > 2 ? digits[bits & 63] : '=');
}

int signing_base64(lua_State *L)
{
    size_t len;
    const unsigned char *bytes = (const unsigned char *)luaL_checklstring(L, 1, &len);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (size_t i = 0; i < len; i += GROUP) {
        add_group(&out, bytes + i, len - i < GROUP ? len - i : GROUP);
    }
    luaL_pushresult(&out);
    return 1;
}

/* What signed requests are made of, for adapters: C functions over libcrypto that take and give Lua strings. None of
 * them keeps a key. */
#pragma once

#include <lua.h>

int signing_sha256(lua_State *L);      /* (text) -> 32 bytes */
int signing_hmac_sha256(lua_State *L); /* (key, text) -> 32 bytes */
int signing_rs256(lua_State *L);       /* (private key in PEM, text) -> bytes; or nil and why */
int signing_base64(lua_State *L);      /* (bytes) -> text */

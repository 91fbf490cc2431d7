#include "kube/pem.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "base/str.h"

/* --- base64 --- */

static char *without_line_breaks(const char *text)
{
    char *out = mem_alloc(strlen(text) + 1), *to = out;
    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) == NULL) {
            *to++ = *text;
        }
    }
    return out;
}

/* Of the padding '='; -1 when it stands where none can. (libcrypto takes '=' anywhere.) */
static int padding_of(const char *text, size_t len)
{
    const char *first = strchr(text, '=');
    int padding = first != NULL ? (int)(text + len - first) : 0;
    return len % 4 != 0 || padding > 2 || (padding == 2 && text[len - 1] != '=') ? -1 : padding;
}

bool pem_decode(const char *base64, char **text, struct err *err)
{
    char *joined = without_line_breaks(base64);
    size_t len = strlen(joined);
    int padding = padding_of(joined, len);
    unsigned char *bytes = mem_alloc(len + 4);
    int count = padding >= 0 ? EVP_DecodeBlock(bytes, (const unsigned char *)joined, (int)len) : -1;
    if (count >= 0) {
        *text = str_dup_n((const char *)bytes, (size_t)(count - padding));
    }
    mem_free(bytes);
    mem_free(joined);
    return count >= 0 || err_set(err, ERR_INVALID, "not base64");
}

/* --- what is in it --- */

bool pem_check_certificates(const char *pem, struct err *err)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    size_t count = 0;
    ERR_clear_error();
    while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        X509_free(certificate);
        count++;
    }
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    if (!at_end) {
        return err_set(err, ERR_INVALID, "certificate %zu in it cannot be read", count + 1);
    }
    return count > 0 || err_set(err, ERR_INVALID, "there is no PEM certificate in it");
}

/* There is nobody to ask for a passphrase. */
static int no_passphrase(char *to, int size, int writing, void *ctx)
{
    return -1;
}

bool pem_check_key(const char *certificate_pem, const char *key_pem, struct err *err)
{
    BIO *certificate_bio = BIO_new_mem_buf(certificate_pem, -1), *key_bio = BIO_new_mem_buf(key_pem, -1);
    X509 *certificate = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, NULL);
    bool ok = key != NULL || err_set(err, ERR_INVALID, "there is no PEM private key without a passphrase in it");
    if (ok && X509_check_private_key(certificate, key) != 1) {
        ok = err_set(err, ERR_INVALID, "it does not belong to the certificate");
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(key_bio);
    BIO_free(certificate_bio);
    return ok;
}

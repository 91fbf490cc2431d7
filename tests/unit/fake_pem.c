#include "fake_pem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/str.h"

static char *take_bio(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    char *text = str_dup_n(data, (size_t)len);
    BIO_free(bio);
    return text;
}

void fake_pem_make(struct fake_pem *pem)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, NULL);
    BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(certificate_bio, certificate), 1);
    assert_int_equal(PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    *pem = (struct fake_pem){.certificate = take_bio(certificate_bio), .key = take_bio(key_bio)};
}

void fake_pem_free(struct fake_pem *pem)
{
    str_free(&pem->certificate);
    str_free(&pem->key);
}

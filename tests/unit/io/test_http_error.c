#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "io/http_error.h"

static void expect(const char *url, enum err_code code, const char *text, const char *wanted)
{
    struct err err;
    err_set(&err, code, "%s", text);
    char *out = http_error_text("Post", url, "context deadline exceeded", &err);
    assert_string_equal(out, wanted);
    str_free(&out);
}

static void a_timeout_has_the_words_of_the_caller(void **state)
{
    expect("http://h/x", ERR_TIMEOUT, "POST http://h/x: Operation timed out after 2001 milliseconds",
           "Post \"http://h/x\": context deadline exceeded");
}

static void a_refused_connection_names_the_address(void **state)
{
    const char *text = "POST https://[::1]: Failed to connect to ::1 port 443 after 0 ms: Couldn't connect to server";
    expect("http://127.0.0.1:9/a?b=c", ERR_UNREACHABLE,
           "POST http://h: Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server",
           "Post \"http://127.0.0.1:9/a?b=c\": dial tcp 127.0.0.1:9: connect: connection refused");
    expect("http://user:p@ss@h/", ERR_UNREACHABLE,
           "POST http://h: Failed to connect to h port 80 after 0 ms: Couldn't connect to server",
           "Post \"http://user:***@h/\": dial tcp h:80: connect: connection refused");
    expect("http://10.1.2.3/", ERR_UNREACHABLE,
           "POST http://10.1.2.3/: Failed to connect to 10.1.2.3 port 80 after 3 ms: Couldn't connect to server: No "
           "route to host",
           "Post \"http://10.1.2.3/\": dial tcp 10.1.2.3:80: connect: no route to host");
    expect("https://[::1]", ERR_UNREACHABLE, text,
           "Post \"https://[::1]\": dial tcp [::1]:443: connect: connection refused");
    expect("https://[::1]:8443", ERR_UNREACHABLE, text,
           "Post \"https://[::1]:8443\": dial tcp [::1]:8443: connect: connection refused");
}

static void a_refused_connection_names_the_proxy(void **state)
{
    expect(
        "http://chat.example/a", ERR_UNREACHABLE,
        "POST http://chat.example/a: Failed to connect to 127.0.0.1 port 3128 after 0 ms: Couldn't connect to server",
        "Post \"http://chat.example/a\": proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused");
}

static void what_go_says_otherwise(void **state)
{
    expect("ftp://h/x", ERR_INVALID, "POST ftp://h/x: Protocol \"ftp\" not supported or disabled in libcurl",
           "Post \"ftp://h/x\": unsupported protocol scheme \"ftp\"");
    expect("http://h/x", ERR_UNREACHABLE, "POST http://h/x: Empty reply from server", "Post \"http://h/x\": EOF");
    expect("https://h/x", ERR_TLS, "POST https://h/x: SSL certificate problem: self-signed certificate",
           "Post \"https://h/x\": tls: failed to verify certificate: x509: certificate signed by unknown authority");
    expect("http://h/x", ERR_INVALID, "POST http://h/x: Protocol \"ftp\" not supported or disabled in libcurl",
           "Post \"http://h/x\": unsupported protocol scheme \"ftp\"");
    expect("gate:9898/x", ERR_INVALID, "POST gate:9898/x: not a URL: Unsupported URL scheme",
           "Post \"gate:9898/x\": unsupported protocol scheme \"gate\"");
    expect("gate/x:y", ERR_INVALID, "POST gate/x:y: not a URL: Bad scheme",
           "Post \"gate/x:y\": unsupported protocol scheme \"\"");
    expect("", ERR_INVALID, "POST : not a URL: Bad scheme", "Post \"\": unsupported protocol scheme \"\"");
    expect("http://h/x", ERR_UNREACHABLE, "POST http://h/x: Recv failure: Connection reset by peer",
           "Post \"http://h/x\": read tcp ->h:80: read: connection reset by peer");
    expect("http://h/x", ERR_REJECTED, "POST http://h/x: Maximum (9) redirects followed",
           "Post \"http://h/x\": stopped after 10 redirects");
    struct err err;
    err_set(&err, ERR_UNREACHABLE, "POST http://nosuch/x: Could not resolve host: nosuch");
    char *out = http_error_text("Post", "http://nosuch/x", "", &err);
    assert_true(str_has_prefix(out, "Post \"http://nosuch/x\": dial tcp: lookup nosuch"));
    assert_non_null(strstr(out, ": no such host"));
    str_free(&out);
}

static void other_reasons_keep_their_words(void **state)
{
    expect("http://h/x", ERR_UNREACHABLE, "POST http://h/x: transfer closed with 96 bytes remaining to read",
           "Post \"http://h/x\": transfer closed with 96 bytes remaining to read");
    expect("http://h/x", ERR_INVALID, "no title", "Post \"http://h/x\": no title");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timeout_has_the_words_of_the_caller),
        cmocka_unit_test(a_refused_connection_names_the_address),
        cmocka_unit_test(a_refused_connection_names_the_proxy),
        cmocka_unit_test(what_go_says_otherwise),
        cmocka_unit_test(other_reasons_keep_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

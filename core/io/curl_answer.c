#include "io/curl_answer.h"

/* That of the last answer, behind all redirects. */
static int64_t date_of(CURL *easy)
{
    struct curl_header *header;
    if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return 0;
    }
    int64_t seconds = curl_getdate(header->value, NULL);
    return seconds > 0 ? seconds * 1000 : 0;
}

bool curl_answer_came(CURL *easy, CURLcode result)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return result == CURLE_OK || (result == CURLE_PARTIAL_FILE && status >= 400);
}

void curl_answer_read(CURL *easy, struct http_response *response)
{
    long status = 0;
    curl_off_t retry_after_s = 0, took_us = 0;
    char *content_type = NULL;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &content_type);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &took_us);
    response->status = (int)status;
    response->retry_after_ms = http_retry_after_ms(retry_after_s);
    response->content_type = content_type;
    response->date_ms = date_of(easy);
    response->took_us = took_us;
}

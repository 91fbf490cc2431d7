#include "canary/request.h"

#include <string.h>

#include "base/duration.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/utf8.h"

static const char *const verbs[] = {
    [REQUEST_PAUSE] = "pause",       [REQUEST_RESUME] = "resume", [REQUEST_PROMOTE] = "promote",
    [REQUEST_ROLLBACK] = "rollback", [REQUEST_RETRY] = "retry",   [REQUEST_APPROVE] = "approve",
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };
#define VERBS_WANTED "promote, rollback, retry, approve, pause or resume"

const char *request_verb_name(enum request_verb verb)
{
    return verbs[verb];
}

bool request_verb_find(const char *name, enum request_verb *verb)
{
    for (size_t i = 0; name != NULL && i < VERBS; i++) {
        if (strcmp(verbs[i], name) == 0) {
            *verb = (enum request_verb)i;
            return true;
        }
    }
    return false;
}

void request_fini(struct request *request)
{
    char **texts[] = {&request->id, &request->release, &request->gate, &request->reason, &request->by, &request->at};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        str_free(texts[i]);
    }
    *request = (struct request){0};
}

/* --- reading --- */

static char *one_line(const char *text, size_t max)
{
    struct buf line;
    buf_init(&line, 4 * max + 16);
    utf8_append_line(&line, text, strlen(text), max);
    char *copy = line.len > 0 ? str_dup(buf_str(&line)) : NULL;
    buf_fini(&line);
    return copy;
}

char *request_line(const char *reason)
{
    return one_line(reason, REQUEST_TEXT_MAX);
}

static bool is_plain(const char *text, size_t max)
{
    size_t len = strlen(text);
    bool plain = len > 0 && len <= max && utf8_valid(text, len);
    for (size_t i = 0; plain && i < len; i += utf8_char(text + i, len - i)) {
        plain = !utf8_is_control(text + i, len - i);
    }
    return plain;
}

/* The text itself where it is short, so that people see which request was answered. */
static char *id_of_text(const char *text)
{
    char digest[65];
    if (is_plain(text, REQUEST_ID_MAX)) {
        return str_dup(text);
    }
    hash_sha256(text, strlen(text), digest);
    return str_format("sha256:%.32s", digest);
}

static bool refuse(struct err *err, const char *field, const struct node *got, const char *wanted)
{
    char *text = got != NULL ? node_to_text(got) : str_dup("nothing");
    err_set(err, ERR_INVALID, "%s: %s is wanted, got %.100s", field, wanted, text);
    str_free(&text);
    return false;
}

/* NULL also for a text with a NUL in it: what stands before that must not pass for the whole. */
static const char *whole_text(const struct node *n)
{
    size_t len = 0;
    const char *text = node_str_n(n, &len);
    return text != NULL && strlen(text) == len ? text : NULL;
}

static bool read_verb(struct request *request, const struct node *n, struct err *err)
{
    return request_verb_find(whole_text(n), &request->verb) || refuse(err, "verb", n, VERBS_WANTED);
}

/* An object's name, or a webhook's. */
static bool read_name(char **name, const char *field, const struct node *n, struct err *err)
{
    if (n == NULL) {
        return true;
    }
    const char *text = whole_text(n);
    if (text == NULL || !is_plain(text, REQUEST_NAME_MAX)) {
        return refuse(err, field, n, "a name");
    }
    *name = str_dup(text);
    return true;
}

/* What only people read. */
static bool read_line(char **line, const char *field, const struct node *n, struct err *err)
{
    if (n == NULL) {
        return true;
    }
    if (node_str(n) == NULL) {
        return refuse(err, field, n, "a text");
    }
    *line = request_line(node_str(n));
    return true;
}

static bool read_time(struct request *request, const struct node *n, struct err *err)
{
    int64_t ms;
    struct err ignored = {0};
    if (n != NULL && (node_str(n) == NULL || !time_parse(node_str(n), &ms, &ignored))) {
        return refuse(err, "at", n, "a time such as 2026-03-11T08:15:07Z");
    }
    request->at = n != NULL ? str_dup(node_str(n)) : NULL;
    return true;
}

static bool read_id(struct request *request, const struct node *n, struct err *err)
{
    if (n == NULL) {
        return true;
    }
    const char *text = whole_text(n);
    if (text == NULL || !is_plain(text, REQUEST_ID_MAX)) {
        return refuse(err, "id", n, "a text of 1 to 128 bytes");
    }
    str_free(&request->id);
    request->id = str_dup(text);
    return true;
}

static bool read_generation(struct request *request, const struct node *n, struct err *err)
{
    return n == NULL || (node_int(n, &request->generation) && request->generation > 0) ||
           refuse(err, "generation", n, "a whole number above 0");
}

/* A misspelt "gate" must not approve another gate. */
static bool has_known_fields(const struct doc *doc, struct err *err)
{
    if (doc_had_duplicates(doc)) {
        return err_set(err, ERR_INVALID, "a field stands there twice");
    }
    static const char *const known[] = {"verb", "release", "generation", "gate", "reason", "by", "at", "id"};
    struct node_iter it = node_iterate(doc_root(doc));
    while (node_next(&it)) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            found = found || strcmp(known[i], it.key) == 0;
        }
        if (!found) {
            return err_set(
                err, ERR_INVALID,
                "there is no field '%.60s': verb, release, generation, gate, reason, by, at and id are known", it.key);
        }
    }
    return true;
}

/* {"verb": …} */
static bool read_object(struct request *request, const char *text, struct err *err)
{
    struct doc *doc = doc_parse(text, strlen(text), err);
    const struct node *root = doc_root(doc);
    bool ok = doc != NULL && has_known_fields(doc, err) && read_id(request, node_get(root, "id"), err) &&
              read_verb(request, node_get(root, "verb"), err) &&
              read_name(&request->release, "release", node_get(root, "release"), err) &&
              read_generation(request, node_get(root, "generation"), err) &&
              read_name(&request->gate, "gate", node_get(root, "gate"), err) &&
              read_line(&request->reason, "reason", node_get(root, "reason"), err) &&
              read_line(&request->by, "by", node_get(root, "by"), err) && read_time(request, node_get(root, "at"), err);
    doc_free(doc);
    return ok;
}

/* The words before the reason: verb, release, and of approve the gate. */
static bool read_subject(struct request *request, const struct str_list *words, struct err *err)
{
    if (!request_verb_find(words->items[0], &request->verb)) {
        return err_set(err, ERR_INVALID,
                       "unknown verb '%.100s': " VERBS_WANTED " is wanted, as in promote podinfo-7, or JSON",
                       words->items[0]);
    }
    size_t most = request->verb == REQUEST_APPROVE ? 3 : 2;
    if (words->count > most) {
        return err_set(
            err, ERR_INVALID,
            "'%.100s' stands behind the %s: ' -- ' and a reason are wanted there, as in %s %.100s -- INC-4711",
            words->items[most], most == 3 ? "gate" : "release", words->items[0], words->items[1]);
    }
    for (size_t i = 1; i < words->count; i++) {
        if (!is_plain(words->items[i], REQUEST_NAME_MAX)) {
            return err_set(err, ERR_INVALID, "%s: a name is wanted, got '%.100s'", i == 1 ? "release" : "gate",
                           words->items[i]);
        }
    }
    request->release = words->count > 1 ? str_dup(words->items[1]) : NULL;
    request->gate = words->count > 2 ? str_dup(words->items[2]) : NULL;
    return true;
}

/* "promote podinfo-7", "promote podinfo-7 -- INC-4711" */
static bool read_words(struct request *request, const char *line, struct err *err)
{
    static const char DASHES[] = " -- ";
    const char *dashes = strstr(line, DASHES);
    char *head = dashes != NULL ? str_dup_n(line, (size_t)(dashes - line)) : str_dup(line);
    struct str_list words = {0};
    str_list_split(&words, head, ' ');
    bool ok = read_subject(request, &words, err);
    request->reason = ok && dashes != NULL ? one_line(dashes + strlen(DASHES), REQUEST_TEXT_MAX) : NULL;
    str_list_fini(&words);
    str_free(&head);
    return ok;
}

static bool is_sound(const struct request *request, struct err *err)
{
    bool needs_subject = request->verb != REQUEST_PAUSE && request->verb != REQUEST_RESUME;
    if (needs_subject && request->release == NULL && request->generation == 0) {
        return err_set(err, ERR_INVALID,
                       "%s: the release that it is meant for is wanted, or the generation of the target: %s podinfo-7",
                       verbs[request->verb], verbs[request->verb]);
    }
    if (request->gate != NULL && request->verb != REQUEST_APPROVE) {
        return err_set(err, ERR_INVALID, "gate: only approve has one, and this is %s", verbs[request->verb]);
    }
    return true;
}

static const struct node *annotation(const struct node *canary, const char *name)
{
    return node_at(canary, "metadata", "annotations", name);
}

static bool read_text(struct request *request, const char *text, struct err *err)
{
    if (strlen(text) > REQUEST_SIZE_MAX) {
        return err_set(err, ERR_INVALID, "it is longer than %d bytes", REQUEST_SIZE_MAX);
    }
    if (text[strspn(text, " \t\r\n")] == '{') {
        return read_object(request, text, err);
    }
    char *line = one_line(text, REQUEST_SIZE_MAX);
    bool ok = line != NULL ? read_words(request, line, err) : err_set(err, ERR_INVALID, "it is empty");
    str_free(&line);
    return ok;
}

enum request_found request_read(struct request *request, const struct node *canary, struct err *err)
{
    const struct node *asked = annotation(canary, REQUEST_ANNOTATION);
    const char *text = node_str(asked);
    *request = (struct request){0};
    if (text == NULL) {
        return REQUEST_NONE;
    }
    request->id = id_of_text(text);
    bool whole = whole_text(asked) != NULL || err_set(err, ERR_INVALID, "there is a NUL in it");
    if (whole && read_text(request, text, err) && is_sound(request, err)) {
        return REQUEST_READ;
    }
    char *id = request->id;
    request->id = NULL;
    request_fini(request);
    request->id = id;
    err_wrap(err, "annotation " REQUEST_ANNOTATION);
    return REQUEST_BAD;
}

const char *request_pause(const struct node *canary)
{
    const char *text = node_str(annotation(canary, PAUSE_ANNOTATION));
    return text != NULL && strcmp(text, "false") != 0 ? text : NULL;
}

/* --- what it is about --- */

bool request_is_answered(const struct request *request, const struct node *canary)
{
    return node_is(node_at(canary, "status", "lastRequest", "id"), request->id);
}

bool request_is_for(const struct request *request, const char *release, int64_t generation)
{
    return (request->release == NULL || str_equal(request->release, release)) &&
           (request->generation == 0 || request->generation == generation);
}

char *request_who(const struct request *request)
{
    const char *by = request->by != NULL ? request->by : "somebody";
    return request->reason != NULL ? str_format("%s: %s", by, request->reason) : str_dup(by);
}

/* --- asking --- */

static char *reason_of(const struct request *request)
{
    return request->reason != NULL ? request_line(request->reason) : NULL;
}

static char *text_of(const struct request *request)
{
    char *reason = reason_of(request);
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_str(doc, root, "verb", verbs[request->verb]);
    node_set_str(doc, root, "release", request->release);
    if (request->generation > 0) {
        node_set_int(doc, root, "generation", request->generation);
    }
    node_set_str(doc, root, "gate", request->gate);
    node_set_str(doc, root, "reason", reason);
    node_set_str(doc, root, "by", request->by);
    node_set_str(doc, root, "at", request->at);
    node_set_str(doc, root, "id", request->id);
    char *text = node_to_text(root);
    doc_free(doc);
    str_free(&reason);
    return text;
}

struct doc *request_patch(const struct request *request)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    struct node *annotations = node_ensure_object(doc, metadata, "annotations");
    char *text = text_of(request);
    node_set_str(doc, annotations, REQUEST_ANNOTATION, text);
    if (request->verb == REQUEST_PAUSE) {
        char *reason = reason_of(request);
        node_set_str(doc, annotations, PAUSE_ANNOTATION, reason != NULL ? reason : PAUSE_WITHOUT_REASON);
        str_free(&reason);
    } else if (request->verb == REQUEST_RESUME) {
        node_set(doc, annotations, PAUSE_ANNOTATION, node_new_null(doc));
    }
    str_free(&text);
    return doc;
}

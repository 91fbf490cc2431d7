/* What the stores keep of the content of a config: its checksums. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "workload/tracked_config_inner.h"

#define BOTH "b1-" /* of data and binaryData */
enum { CHECKSUM_LEN = 16, CHECKSUM_SIZE = sizeof BOTH + CHECKSUM_LEN };

/* Turns our JSON text into what Go's encoder writes: < > & and the two line separators escaped, hex digits in lower
 * case. These characters occur in strings only, so the text needs no parser. */
static void write_as_go(const char *text, struct buf *out)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '<' || *p == '>' || *p == '&') {
            buf_printf(out, "\\u%04x", (unsigned)*p);
        } else if (strncmp(p, "\xe2\x80\xa8", 3) == 0 || strncmp(p, "\xe2\x80\xa9", 3) == 0) {
            buf_printf(out, "\\u20%02x", (unsigned)(unsigned char)p[2] - 0x80);
            p += 2;
        } else if (*p == '\\' && p[1] == 'u') {
            buf_printf(out, "\\u%c%c%c%c", tolower(p[2]), tolower(p[3]), tolower(p[4]), tolower(p[5]));
            p += 5;
        } else if (*p == '\\') {
            buf_printf(out, "\\%c", p[1]);
            p++;
        } else {
            buf_append(out, p, 1);
        }
    }
}

/* The first 8 bytes, in hex, of SHA-256 over a value as Go encodes it. */
static void checksum_of(const struct node *value, char out[static CHECKSUM_LEN + 1])
{
    struct buf text, go;
    buf_init(&text, SIZE_MAX);
    buf_init(&go, SIZE_MAX);
    if (node_type(value) == NODE_OBJECT) {
        node_write_sorted(value, &text);
    } else {
        buf_append_str(&text, "null");
    }
    write_as_go(buf_str(&text), &go);
    char digest[65];
    hash_sha256(buf_str(&go), go.len, digest);
    memcpy(out, digest, CHECKSUM_LEN);
    out[CHECKSUM_LEN] = '\0';
    buf_fini(&text);
    buf_fini(&go);
}

/* Of an object that was read whole. `plain`: by Flagger's recipe, of `data` alone. */
static void checksums_of(const struct node *object, char out[static CHECKSUM_SIZE], char plain[static CHECKSUM_LEN + 1])
{
    const struct node *binary = node_get(object, "binaryData");
    checksum_of(node_get(object, "data"), plain);
    if (node_count(binary) == 0) {
        memcpy(out, plain, CHECKSUM_LEN + 1);
        return;
    }
    struct doc *doc = doc_new();
    struct node *both = node_new_object(doc);
    char digits[CHECKSUM_LEN + 1];
    node_set(doc, both, "binaryData", node_copy(doc, binary));
    node_set(doc, both, "data", node_copy(doc, node_get(object, "data")));
    checksum_of(both, digits);
    snprintf(out, CHECKSUM_SIZE, BOTH "%s", digits);
    doc_free(doc);
}

/* kubectl's annotation repeats the whole object. */
static void drop_bulky_annotations(struct node *root)
{
    node_remove(node_at(root, "metadata", "annotations"), "kubectl.kubernetes.io/last-applied-configuration");
}

/* True for a whole object. Metadata alone has the kind PartialObjectMetadata, or, as an item of a list, no kind and
 * no other field. */
static bool is_whole(const struct node *root)
{
    const struct node *kind = node_get(root, "kind");
    if (kind != NULL) {
        return !node_is(kind, "PartialObjectMetadata");
    }
    struct node_iter it = node_iterate(root);
    while (node_next(&it)) {
        if (strcmp(it.key, "metadata") != 0 && strcmp(it.key, "apiVersion") != 0) {
            return true;
        }
    }
    return false;
}

void tracked_config_prune(struct doc *object, const struct node *managers)
{
    struct node *root = doc_root(object);
    drop_bulky_annotations(root);
    if (is_whole(root)) {
        char checksum[CHECKSUM_SIZE], plain[CHECKSUM_LEN + 1];
        checksums_of(root, checksum, plain);
        struct node *sluice = node_ensure_object(object, root, "sluice");
        node_set_str(object, sluice, "checksum", checksum);
        if (strcmp(checksum, plain) != 0) {
            node_set_str(object, sluice, "plain", plain);
        }
    }
    node_remove(root, "data");
    node_remove(root, "binaryData");
    node_remove(root, "immutable");
}

const char *tracked_config_checksum(const struct node *object)
{
    return node_str(node_at(object, "sluice", "checksum"));
}

static bool is_digits(const char *text)
{
    return strlen(text) == CHECKSUM_LEN && strspn(text, "0123456789abcdef") == CHECKSUM_LEN;
}

bool tracked_config_matches(const struct node *object, const char *recorded)
{
    const char *checksum = tracked_config_checksum(object);
    if (checksum == NULL || recorded == NULL) {
        return false;
    }
    bool known = is_digits(recorded) || (str_has_prefix(recorded, BOTH) && is_digits(recorded + strlen(BOTH)));
    return !known || strcmp(recorded, checksum) == 0 || node_is(node_at(object, "sluice", "plain"), recorded);
}

bool tracked_config_has_content_of(const struct node *object, const struct node *whole)
{
    char checksum[CHECKSUM_SIZE], plain[CHECKSUM_LEN + 1];
    checksums_of(whole, checksum, plain);
    return str_equal(tracked_config_checksum(object), checksum);
}

/* Documents in tests: written with single quotes, compared with a readable failure, changed as an API server changes
 * them. */
#pragma once

#include "base/doc.h"

/* Parses JSON in which ' stands for "; a text that is none fails the test. */
struct doc *fake_doc(const char *text);
/* printf of it first. */
struct doc *fake_doc_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails the test and shows both when `n` is not the same JSON value as `text` (with single quotes). "absent" stands for
 * no node. */
void fake_doc_expect(const struct node *n, const char *text);

/* RFC 7386: what a server makes of `target` (a node of `doc`) and a merge patch. `target` must be an object. */
void fake_doc_merge(struct doc *doc, struct node *target, const struct node *patch);

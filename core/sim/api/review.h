/* Reviews: objects that are a question, answered at once and not kept. SelfSubjectReview (who am I?) and
 * SelfSubjectAccessReview (may I?). */
#pragma once

struct request;

void review_post(struct request *request);

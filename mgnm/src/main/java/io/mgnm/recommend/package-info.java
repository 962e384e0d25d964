/**
 * Recommendation for other programs: {@link io.mgnm.recommend.Recommender} opens a trained run and
 * answers with items, the scores, and which level and interest made each. Depends on {@code train}
 * and what it stands on.
 */
package io.mgnm.recommend;

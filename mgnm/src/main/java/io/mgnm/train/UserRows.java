package io.mgnm.train;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.Dataset;
import io.mgnm.data.Part;
import io.mgnm.model.Parameters;
import io.mgnm.ops.Tensor;

/**
 * Which parameter row stands for a user in scoring. A user without a training sample was never
 * updated; she, and anyone unknown, gets what {@code unseen} says: the mean of the trained rows,
 * zero, or (if known) her own initial row.
 */
public final class UserRows {
  private final boolean[] trained;
  private final String unseen;

  /** The users of a data set under the given settings. */
  public UserRows(Dataset data, Settings settings) {
    trained = new boolean[data.users()];
    for (int user : data.sampleUsers(Part.TRAIN)) {
      trained[user] = true;
    }
    unseen = settings.text(Key.UNSEEN);
  }

  /** The row of a user of the data set. */
  public int of(int user) {
    return trained[user] || unseen.equals("initial") ? user : trained.length;
  }

  /** The row of an unknown user. */
  public int unknown() {
    return trained.length;
  }

  /** Writes the unseen users' row from the rows as they are now. */
  void refresh(Parameters p) {
    int d = p.users().width();
    float[] row = new float[d];
    if (!unseen.equals("zero")) {
      float[] users = p.users().download();
      double[] sums = new double[d];
      int count = 0;
      for (int user = 0; user < trained.length; user++) {
        if (trained[user]) {
          count++;
          for (int k = 0; k < d; k++) {
            sums[k] += users[user * d + k];
          }
        }
      }
      for (int k = 0; k < d; k++) {
        row[k] = (float) (sums[k] / Math.max(1, count));
      }
    }
    Tensor last = p.users().slice(p.unseenUser() * d, 1, d);
    last.upload(row);
  }
}

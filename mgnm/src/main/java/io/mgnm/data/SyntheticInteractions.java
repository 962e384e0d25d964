package io.mgnm.data;

import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Made-up interactions with planted interests, of any size, the same for the same options.
 *
 * <p>Items are divided at random into interests of equal size. A user draws a few interests
 * (perhaps one of them twice), stays with the current one with probability {@value #STAY}, else
 * turns to another; with probability {@code drift} one of them is first swapped for a new one; with
 * probability {@code noise} an event follows none of them. Popularity falls as rank^-popularity
 * over interests and over the items of one. Lengths are log-normal. Every item occurs: item events
 * are spread over the whole run by sequential sampling, so {@code items} is exact.
 */
public final class SyntheticInteractions {
  private static final double STAY = 0.8;
  private static final int SHORTEST = 2;
  private static final double LENGTH_SIGMA = 1.0;

  /** 2020-01-01 in seconds, and two years: when users begin. */
  private static final long START = 1_577_836_800L;

  private static final long SPAN = 2 * 365 * 86_400L;
  private static final double SECONDS_WITHIN_VISIT = 300;
  private static final double SECONDS_BETWEEN_VISITS = 2 * 86_400;

  /**
   * What to make.
   *
   * @param interactions exact number of events; at least one an item and two a user
   * @param interests how many interests the items are divided into
   * @param interestsPerUser how many of them a user has at a time
   * @param drift chance at each event that one of them is swapped
   * @param noise chance that an event follows none of them
   * @param popularity exponent of the long tails; 0 is uniform
   */
  public record Options(
      int users,
      int items,
      long interactions,
      int interests,
      int interestsPerUser,
      double drift,
      double noise,
      double popularity,
      long seed) {
    public Options {
      require(users >= 2, "--users of at least 2", users);
      require(items >= 2, "--items of at least 2", items);
      long needed = Math.max(items, (long) SHORTEST * users);
      require(
          interactions >= needed,
          "--interactions of at least " + needed + " (two a user, one an item)",
          interactions);
      require(
          interactions <= InteractionDatabase.MOST_INTERACTIONS,
          "--interactions of at most " + InteractionDatabase.MOST_INTERACTIONS,
          interactions);
      require(interests >= 1 && interests <= items, "--interests from 1 to the items", interests);
      require(
          interestsPerUser >= 1 && interestsPerUser <= interests,
          "--interests-per-user from 1 to the interests",
          interestsPerUser);
      require(drift >= 0 && drift <= 1, "--drift from 0 to 1", drift);
      require(noise >= 0 && noise <= 1, "--noise from 0 to 1", noise);
      require(popularity >= 0 && popularity <= 10, "--popularity from 0 to 10", popularity);
    }

    private static void require(boolean holds, String expected, Number found) {
      if (!holds) {
        throw BadInputException.option(expected, found.toString(), "change the option");
      }
    }
  }

  /** Takes the events, user after user, each user's in order of time. */
  public interface Sink {
    /** One event; time in seconds since 1970. */
    void event(int user, int item, long time) throws IOException;
  }

  private final Options options;

  /** Items grouped by interest; the first of a group is the most popular. */
  private final int[] grouped;

  private final double[] interestTail;
  private final double[] itemTail;

  /** The plan: which item belongs to which interest, and how popular each is. */
  public SyntheticInteractions(Options options) {
    this.options = options;
    grouped = new int[options.items()];
    Arrays.setAll(grouped, i -> i);
    SplittableRandom random = new SplittableRandom(options.seed());
    for (int i = grouped.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int swap = grouped[i];
      grouped[i] = grouped[other];
      grouped[other] = swap;
    }
    interestTail = tail(options.interests());
    itemTail = tail(Math.ceilDiv(options.items(), options.interests()));
  }

  /** The options it was made with. */
  public Options options() {
    return options;
  }

  /** The interest of each item: int[items]. */
  public int[] interestOfItems() {
    int[] interests = new int[options.items()];
    for (int c = 0; c < options.interests(); c++) {
      for (int i = begin(c); i < begin(c + 1); i++) {
        interests[grouped[i]] = c;
      }
    }
    return interests;
  }

  private int begin(int interest) {
    return (int) ((long) interest * options.items() / options.interests());
  }

  /** Cumulative weights of ranks: StrictMath, so that every machine draws the same. */
  private double[] tail(int ranks) {
    double[] cumulative = new double[ranks];
    double sum = 0;
    for (int r = 0; r < ranks; r++) {
      sum += StrictMath.pow(r + 1.0, -options.popularity());
      cumulative[r] = sum;
    }
    return cumulative;
  }

  /** Draws a rank below {@code ranks}. */
  private static int draw(double[] cumulative, int ranks, SplittableRandom random) {
    double wanted = random.nextDouble() * cumulative[ranks - 1];
    int found = Arrays.binarySearch(cumulative, 0, ranks, wanted);
    return Math.min(found >= 0 ? found + 1 : -found - 1, ranks - 1);
  }

  /** Makes all events. */
  public void generate(Sink sink) throws IOException {
    int[] lengths = lengths();
    Coverage coverage = new Coverage();
    long left = options.interactions();
    for (int user = 0; user < options.users(); user++) {
      SplittableRandom random =
          new SplittableRandom(options.seed() + 0x9E3779B97F4A7C15L * (user + 1L));
      int[] interests = new int[options.interestsPerUser()];
      Arrays.setAll(interests, i -> draw(interestTail, options.interests(), random));
      int current = random.nextInt(interests.length);
      long time = START + random.nextLong(SPAN);
      for (int e = 0; e < lengths[user]; e++) {
        boolean stays = e > 0 && random.nextDouble() < STAY;
        if (random.nextDouble() < options.drift()) {
          interests[random.nextInt(interests.length)] =
              draw(interestTail, options.interests(), random);
        }
        if (!stays) {
          current = random.nextInt(interests.length);
        }
        int interest =
            random.nextDouble() < options.noise()
                ? draw(interestTail, options.interests(), random)
                : interests[current];
        int item = item(interest, coverage, left, random);
        left--;
        sink.event(user, item, time);
        double mean = stays ? SECONDS_WITHIN_VISIT : SECONDS_BETWEEN_VISITS;
        time += 1 + (long) (-mean * StrictMath.log(1 - random.nextDouble()));
      }
    }
  }

  /** An item of the interest by popularity, or now and then one that has not occurred yet. */
  private int item(int interest, Coverage coverage, long left, SplittableRandom random) {
    if (coverage.missing > 0 && random.nextLong(left) < coverage.missing) {
      return coverage.next(interest);
    }
    int begin = begin(interest);
    int place = begin + draw(itemTail, begin(interest + 1) - begin, random);
    coverage.occurs(place);
    return grouped[place];
  }

  /** Which items have not occurred: a mark a place, and a cursor an interest. */
  private final class Coverage {
    private final boolean[] occurred = new boolean[options.items()];
    private final int[] cursors = new int[options.interests()];
    private int missing = options.items();
    private int oldest;

    Coverage() {
      Arrays.setAll(cursors, c -> begin(c));
    }

    void occurs(int place) {
      if (!occurred[place]) {
        occurred[place] = true;
        missing--;
      }
    }

    /** The next missing item of the interest, or of the first interest that misses one. */
    int next(int interest) {
      int place = nextPlace(interest);
      while (place < 0) {
        place = nextPlace(oldest);
        oldest += place < 0 ? 1 : 0;
      }
      occurs(place);
      return grouped[place];
    }

    private int nextPlace(int interest) {
      int end = begin(interest + 1);
      while (cursors[interest] < end && occurred[cursors[interest]]) {
        cursors[interest]++;
      }
      return cursors[interest] < end ? cursors[interest] : -1;
    }
  }

  /** Log-normal shares of all events, at least {@value #SHORTEST} each, their sum exact. */
  private int[] lengths() {
    int users = options.users();
    SplittableRandom random = new SplittableRandom(~options.seed());
    double[] weights = new double[users];
    double sum = 0;
    for (int u = 0; u < users; u++) {
      double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
      double normal = radius * StrictMath.cos(2 * StrictMath.PI * random.nextDouble());
      weights[u] = StrictMath.exp(LENGTH_SIGMA * normal);
      sum += weights[u];
    }
    long free = options.interactions() - (long) SHORTEST * users;
    int[] lengths = new int[users];
    long given = 0;
    double share = 0;
    for (int u = 0; u < users; u++) {
      share += weights[u];
      long upTo = u == users - 1 ? free : Math.min(free, (long) (free * (share / sum)));
      lengths[u] = Math.toIntExact(SHORTEST + upTo - given);
      given = upTo;
    }
    return lengths;
  }
}

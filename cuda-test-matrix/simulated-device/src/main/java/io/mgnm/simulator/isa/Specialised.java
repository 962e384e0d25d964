package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.HotForm;
import io.mgnm.simulator.machine.Instruction;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Constructor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Copies of a loop class, one for each function that it applies.
 *
 * <p>One shared loop would call hundreds of different functions, and the JVM would neither inline
 * them nor turn the loop into vector code. Each copy (a hidden class of the same bytes) has a
 * profile of its own and meets one function only: 32 lanes then take about as long as a loop
 * written by hand for that instruction.
 */
final class Specialised {
  private record Key(Class<?> loop, Class<?> function) {}

  private static final Map<Key, Constructor<?>> COPIES = new ConcurrentHashMap<>();
  private static final Map<Class<?>, HotForm.Heat> HEATS = new ConcurrentHashMap<>();

  /** The vector classes are there only in a JVM that was told to have their module. */
  private static final boolean VECTORS =
      ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

  private Specialised() {}

  /**
   * An instance of a copy of {@code loop}.
   *
   * @param arguments of its only constructor; the first one is the function
   */
  static <T> T create(Class<? extends T> loop, Class<T> as, Object... arguments) {
    Key key = new Key(loop, arguments[0].getClass());
    try {
      return as.cast(COPIES.computeIfAbsent(key, k -> copy(k.loop())).newInstance(arguments));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(loop + " cannot be made", e);
    }
  }

  private static Constructor<?> copy(Class<?> loop) {
    String resource = loop.getName().substring(loop.getName().lastIndexOf('.') + 1) + ".class";
    try (InputStream in = Specialised.class.getResourceAsStream(resource)) {
      Class<?> copy =
          MethodHandles.lookup().defineHiddenClass(in.readAllBytes(), false).lookupClass();
      Constructor<?> constructor = copy.getDeclaredConstructors()[0];
      constructor.setAccessible(true);
      return constructor;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Gives an instruction its hot form.
   *
   * @param function the one that the instruction applies: those that apply the same get hot
   *     together
   */
  static <T extends Instruction> T withHotForm(T cold, Object function, Supplier<Instruction> hot) {
    if (VECTORS) {
      HotForm.Heat heat = HEATS.computeIfAbsent(function.getClass(), c -> new HotForm.Heat());
      cold.hotForm = new HotForm(heat, hot);
    }
    return cold;
  }
}

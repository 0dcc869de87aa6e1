use super::*;

#[test]
fn the_hosts_time_and_the_rule_for_resets_go_to_the_pairs() {
    let mut bench = Bench::new(&SIM);
    let ordered =
        |bench: &mut Bench, name: &str| bench.sim.get_int(&format!("orders_pairs_{name}"));
    bench.write(AGE_NOW, 0xffff_c123);
    bench.write(AGE_LIMIT, 0x0001_3fff);
    bench.write(TCP_CONTROL, ANY_RESET | 2);
    assert_eq!(ordered(&mut bench, "now"), 0x0123);
    assert_eq!(ordered(&mut bench, "limit"), 0x3fff);
    assert_eq!(ordered(&mut bench, "any_reset"), 1);
    let read = [AGE_NOW, AGE_LIMIT, TCP_CONTROL].map(|offset| bench.read(offset));
    assert_eq!(read, [0x0123, 0x3fff, ANY_RESET]);
    bench.write(TCP_CONTROL, 0);
    assert_eq!(ordered(&mut bench, "any_reset"), 0);
}

#[test]
fn the_oldest_event_is_read_and_taken() {
    let mut bench = Bench::new(&SIM);
    let event = [
        ("valid", 1),
        ("dead", 1),
        ("generation", 5),
        ("pair", 0x7_1234),
    ];
    for (name, value) in event {
        bench
            .sim
            .set_int(&format!("condition_pairs_event_{name}"), value);
    }
    let generation = 5 << EVENT_GENERATION;
    assert_eq!(
        bench.read(AGE_EVENT),
        EVENT_VALID | EVENT_DEAD | generation | 0x7_1234
    );
    bench.sim.set_int("condition_pairs_event_dead", 0);
    assert_eq!(bench.read(AGE_EVENT), EVENT_VALID | generation | 0x7_1234);
    bench.sim.set_int("condition_pairs_event_valid", 0);
    assert_eq!(bench.read(AGE_EVENT), 0, "nothing waits");
    assert_eq!(bench.taken, 0, "to read is not to take");
    for taken in 1..=3 {
        bench.write(AGE_TAKE, 0);
        assert_eq!(bench.taken, taken, "one order for each write");
    }
    bench.read(AGE_TAKE);
    assert_eq!(bench.taken, 3);
}

#[test]
fn rounds_of_the_sweep_are_counted() {
    let mut bench = Bench::new(&SIM);
    for rounds in 0..300 {
        if rounds % 60 == 0 {
            assert_eq!(bench.read(AGE_SWEEPS), rounds);
        }
        bench.sim.set_int("condition_pairs_swept", 1);
        bench.clock();
        bench.sim.set_int("condition_pairs_swept", 0);
        (0..rounds % 3).for_each(|_| bench.clock());
    }
    assert_eq!(bench.read(AGE_SWEEPS), 300);
    bench.write(AGE_SWEEPS, 7);
    assert_eq!(bench.read(AGE_SWEEPS), 300, "the host cannot");
}

use super::*;

#[test]
fn each_event_is_counted_in_its_own_register() {
    let mut bench = Bench::new(&SIM);
    let events = [
        ("rounds_packet", ROUND_PACKETS),
        ("copied", ROUND_COPIES),
        ("rounds_skipped", ROUND_SKIPPED),
        ("rounds_lost", ROUND_LOST),
    ];
    for (place, (event, _)) in events.iter().enumerate() {
        bench.sim.set_int(&format!("condition_{event}"), 1);
        for _ in 0..10 * (place + 1) {
            bench.clock();
        }
        bench.sim.set_int(&format!("condition_{event}"), 0);
    }
    assert_eq!(
        events.map(|(_, offset)| bench.read(offset)),
        [10, 20, 30, 40]
    );
    for (_, offset) in events {
        bench.write(offset, 7);
    }
    assert_eq!(
        events.map(|(_, offset)| bench.read(offset)),
        [10, 20, 30, 40],
        "nobody writes them"
    );
}

#[test]
fn the_interval_goes_to_the_stages() {
    let mut bench = Bench::new(&SIM);
    assert_eq!(bench.sim.get_int("orders_learn_interval"), 0, "no limit");
    bench.write(LEARN_INTERVAL, 0xfedc_ba98);
    assert_eq!(bench.sim.get_int("orders_learn_interval"), 0xfedc_ba98);
    assert_eq!(bench.read(LEARN_INTERVAL), 0xfedc_ba98);
}

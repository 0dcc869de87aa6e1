use super::*;

fn window(bench: &mut Bench) -> u128 {
    bench.sim.get_int("orders_punt_window")
}

#[test]
fn a_window_begins_when_the_host_says_so() {
    let mut bench = Bench::new(&SIM);
    for number in 0..5 {
        for _ in 0..100 {
            assert_eq!(window(&mut bench), number);
            bench.clock();
        }
        bench.write(PUNT_BEGIN, 0);
        bench.clock();
    }
}

#[test]
fn windows_begin_by_themselves_where_they_have_a_length() {
    let mut bench = Bench::new(&SIM);
    bench.write(PUNT_WINDOW, 7);
    assert_eq!(bench.read(PUNT_WINDOW), 7);
    let before = window(&mut bench);
    while window(&mut bench) == before {
        bench.clock();
    }
    for clock in 0..70 {
        assert_eq!(window(&mut bench), before + 1 + clock / 7, "clock {clock}");
        bench.clock();
    }
    // One that the host begins is one more.
    bench.write(PUNT_WINDOW, 1000);
    bench.clock();
    let before = window(&mut bench);
    bench.write(PUNT_BEGIN, 1);
    bench.clock();
    assert_eq!(window(&mut bench), before + 1);
    // A new length counts from its own start.
    bench.write(PUNT_WINDOW, 0);
    (0..3000).for_each(|_| bench.clock());
    assert_eq!(window(&mut bench), before + 1);
}

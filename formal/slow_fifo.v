// The join of two streams in front of the core and the split behind it (hdl/shells/slow_fifo), spliced into the module.
//
//   outer_s ─────────────────────────┬─▶ core_s         core_m ─┬─▶ outer_m
//   INJECT_DATA, INJECT_COMMIT ──────┘                          └─▶ port slow: the punt FIFO
//
// Frames of the host carry the port SLOW, those of the outer stream never do: that tells on core_s whose beat it is. One
// byte of the beat (`lane`), whichever the solver likes, is compared.

  // One bit stands for a byte: the join moves bytes and looks at none of their bits.
  (* anyconst *) wire [5:0] lane;
  wire [63:0] bytes_outer_s, bytes_core_s, bytes_core_m, bytes_outer_m;
  genvar at;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_outer_s[at] = outer_s_beat_data[8 * at + BIT];
    assign bytes_core_s[at] = core_s_beat_data[8 * at + BIT];
    assign bytes_core_m[at] = core_m_beat_data[8 * at + BIT];
    assign bytes_outer_m[at] = outer_m_beat_data[8 * at + BIT];
  end
  wire [34:0] now_outer_s = {outer_s_beat_last, outer_s_beat_user, outer_s_beat_keep[lane], bytes_outer_s[lane]};
  wire [34:0] now_core_s = {core_s_beat_last, core_s_beat_user, core_s_beat_keep[lane], bytes_core_s[lane]};
  wire [34:0] now_core_m = {core_m_beat_last, core_m_beat_user, core_m_beat_keep[lane], bytes_core_m[lane]};
  wire [34:0] now_outer_m = {outer_m_beat_last, outer_m_beat_user, outer_m_beat_keep[lane], bytes_outer_m[lane]};

  wire [15:0] slow_port = SLOW;
  wire outer_takes = outer_s_valid & outer_s_ready;
  wire core_takes = core_s_valid & core_s_ready;
  wire of_host = core_s_beat_user[15:0] == SLOW;
  wire host_takes = core_takes & of_host;

  // What was on offer and not taken.
  reg waits_outer_s = 0, waits_core_s = 0, waits_core_m = 0, waits_outer_m = 0;
  reg [34:0] was_outer_s, was_core_s, was_core_m, was_outer_m;
  // Frames under way.
  reg in_outer = 0, in_frame = 0, frame_of_host;
  reg [31:0] outer_user, frame_user;

  // The frame that the host handed over: beats that are due, and its length.
  reg [8:0] due = 0;
  reg [15:0] due_length;
  wire writes = request_valid & request_write & request_address == INJECT_COMMIT & ~busy;
  wire fits = request_data != 0 & request_data <= INJECT_MAX_BYTES;
  wire [31:0] rounded = request_data + 63;
  wire [5:0] odd = due_length[5:0];

  always @(posedge clock) begin
    waits_outer_s <= outer_s_valid & ~outer_s_ready;
    waits_core_s <= core_s_valid & ~core_s_ready;
    waits_core_m <= core_m_valid & ~core_m_ready;
    waits_outer_m <= outer_m_valid & ~outer_m_ready;
    was_outer_s <= now_outer_s;
    was_core_s <= now_core_s;
    was_core_m <= now_core_m;
    was_outer_m <= now_outer_m;
    if (outer_takes) begin
      in_outer <= ~outer_s_beat_last;
      outer_user <= outer_s_beat_user;
    end
    if (core_takes) begin
      in_frame <= ~core_s_beat_last;
      frame_of_host <= of_host;
      frame_user <= core_s_beat_user;
    end
    if (writes) begin
      due <= fits ? rounded[14:6] : 0;
      due_length <= request_data[15:0];
    end else if (host_takes) due <= due - 1;
  end

`ifdef INVARIANTS
  // Rows of the frame in the three places of its FIFO.
  wire [7:0] rows = injected_written - injected_read;
  wire [8:0] deep = {injected_filled & rows == 0, rows};
  wire [3:0] near_now = injected_tail_written - injected_tail_read;
  wire [4:0] near = near_now;
`endif

  // Both streams behave: an offer stays as it is, a frame's beats agree, and none comes from outside on the slow port.
  always @(*) begin
    assume (~reset);
    assume (~waits_outer_s | (outer_s_valid & now_outer_s == was_outer_s));
    assume (~waits_core_m | (core_m_valid & now_core_m == was_core_m));
    assume (outer_s_beat_user[15:0] != SLOW);
    assume (~in_outer | ~outer_s_valid | outer_s_beat_user == outer_user);
  end

  always @(*) begin
    stable_to_the_core: assert (~waits_core_s | (core_s_valid & now_core_s == was_core_s));
    stable_to_the_outside: assert (~waits_outer_m | (outer_m_valid & now_outer_m == was_outer_m));
    each_outer_beat_once: assert (outer_takes == (core_takes & ~of_host));
    outer_beat_as_it_came: assert (~outer_takes | now_core_s == now_outer_s);
    frames_are_not_mixed: assert (~in_frame | ~core_s_valid | core_s_beat_user == frame_user);
    each_host_beat_once: assert (~core_s_valid | ~of_host | due != 0);
    host_frame_ends_right: assert (~core_s_valid | ~of_host | core_s_beat_last == (due == 1));
    host_frame_is_marked: assert (~core_s_valid | ~of_host | (core_s_beat_user == {due_length, slow_port} &
      core_s_beat_keep[lane] == (due != 1 | odd == 0 | lane < odd)));
    busy_while_it_goes: assert (due == 0 | busy);
    each_beat_to_one_side: assert (core_m_beat_user[15:0] == SLOW ? core_m_ready & ~outer_m_valid :
      core_m_ready == outer_m_ready & outer_m_valid == core_m_valid);
    beat_goes_as_it_came: assert (~outer_m_valid | now_outer_m == now_core_m);

`ifdef INVARIANTS
    inv_frame: assert (within_ == in_outer & in_frame == (in_outer | (in_frame & frame_of_host)) &
      (~in_outer | (~second_turn & ~frame_of_host & frame_user == outer_user)) &
      (~in_frame | ~frame_of_host | (second_turn & frame_user == {due_length, slow_port})));
    inv_due: assert (committed ? sending_left == 0 & ~sending_clearing & due_length == committed_length[15:0] &
      due == (too_long ? 0 : (committed_length[14:0] + 63) >> 6) : due == sending_left &
      (due == 0 | (due_length == sending_length & sending_clearing)));
    inv_turn: assert (~second_turn | (~committed & sending_left != 0));
    inv_rows: assert (injected_after == injected_read + 8'd1 & injected_tail_after == injected_tail_read + 4'd1 &
      (injected_filled | rows == 0) & injected_tail_filled == (near != 0) & near + injected_fetching <= 15 &
      row_count == deep + injected_fetching + near);
    inv_words: assert (busy ? words_written == 0 & row_count + row_full <= 256 & (committed | ~row_full) :
      row_count + row_full == words_written[12:4] & words_written <= 4096);
`endif
  end
